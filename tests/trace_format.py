"""A strict reader of trace files: the rules of Chrome's Trace Event Format that we rely on.

Perfetto and chrome://tracing forgive much: overlapping slices are drawn somewhere, arrows that are
bound to nothing are left out.  This forgives nothing.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

Entry = dict[str, Any]

REQUIRED = {
    "X": {"name", "cat", "pid", "tid", "ts", "dur"},
    "i": {"name", "s", "pid", "tid", "ts"},
    "C": {"name", "pid", "tid", "ts", "args"},
    "M": {"name", "pid", "tid", "args"},
    "s": {"name", "cat", "id", "pid", "tid", "ts"},
    "t": {"name", "cat", "id", "pid", "tid", "ts"},
    "f": {"name", "cat", "id", "pid", "tid", "ts", "bp"},
}


@dataclass
class Slice:
    """A slice, with the slices directly inside it."""

    name: str
    row: int
    begun: Decimal
    ended: Decimal
    notes: dict[str, Any]
    inside: list["Slice"]


class Picture:
    """A trace file that was read and found right; AssertionError if it is not."""

    def __init__(self, path: Path, *, complete: bool = True) -> None:
        text = path.read_text("ascii")
        if not complete:  # as the viewers do: the end of the array may be missing
            text = text.rstrip().rstrip(",").removesuffix("]").rstrip().rstrip(",") + "]"
        self.entries: list[Entry] = json.loads(text, parse_float=Decimal)
        self.rows: dict[int, str] = {}
        for entry in self.entries:
            self._check_entry(entry)
        self.slices = {row: nested(row, self.of_row("X", row)) for row in self.row_numbers("X")}
        self.arrows = [*self._arrows()]
        if complete:
            assert self.row_numbers("X") | self.row_numbers("i") <= set(self.rows)

    def _check_entry(self, entry: Entry) -> None:
        kind = entry["ph"]
        assert REQUIRED[kind] <= set(entry) <= REQUIRED[kind] | {"ph", "args"}, entry
        assert type(entry["pid"]) is type(entry["tid"]) is int
        if kind != "M":
            assert entry["ts"] >= 0
        elif entry["name"] == "thread_name":
            assert entry["tid"] not in self.rows, "a row is named twice"
            self.rows[entry["tid"]] = entry["args"]["name"]
        if kind == "i":
            assert entry["s"] in ("t", "p", "g")

    def of_row(self, kind: str, row: int) -> list[Entry]:
        return [entry for entry in self.entries if entry["ph"] == kind and entry["tid"] == row]

    def row_numbers(self, kind: str) -> set[int]:
        return {entry["tid"] for entry in self.entries if entry["ph"] == kind}

    def row(self, name: str) -> int:
        """The number of the one row whose name contains ``name``."""
        (number,) = (number for number, text in self.rows.items() if name in text)
        return number

    def names(self, row: int) -> list[str]:
        """The outermost slices of a row, in order of time."""
        return [each.name for each in self.slices.get(row, [])]

    def counter(self, name: str) -> list[int]:
        """The values of a counter, in order of time."""
        entries = [each for each in self.entries if each["ph"] == "C" and each["name"] == name]
        times = [each["ts"] for each in entries]
        assert times == sorted(times)
        return [value for each in entries for value in each["args"].values()]

    def _arrows(self) -> Iterator[tuple[Slice, ...]]:
        arrows: dict[int, list[Entry]] = defaultdict(list)
        for entry in self.entries:
            if entry["ph"] in "stf":
                arrows[entry["id"]].append(entry)
        for points in arrows.values():
            assert [each["ph"] for each in points] == ["s", *"t" * (len(points) - 2), "f"]
            assert len({(each["name"], each["cat"]) for each in points}) == 1
            times = [each["ts"] for each in points]
            assert times == sorted(times)
            assert points[-1]["bp"] == "e"
            yield tuple(self.at(each) for each in points)

    def at(self, entry: Entry) -> Slice:
        """The innermost slice that encloses ``entry``: what an arrow is bound to."""
        found = None
        candidates = self.slices[entry["tid"]]
        while candidates:
            hits = [each for each in candidates if each.begun <= entry["ts"] <= each.ended]
            if not hits:
                break
            found = hits[-1]
            candidates = found.inside
        assert found is not None, f"bound to nothing: {entry}"
        return found


def nested(row: int, entries: list[Entry]) -> list[Slice]:
    """Slices of one row as a tree; AssertionError if two overlap without nesting."""
    top: list[Slice] = []
    open_now: list[Slice] = []
    for entry in sorted(entries, key=lambda each: (each["ts"], -each["dur"])):
        assert entry["dur"] >= 0
        begun = Decimal(entry["ts"])
        new = Slice(
            entry["name"], row, begun, begun + entry["dur"], entry.get("args", {}), []
        )  # fmt: skip
        while open_now and open_now[-1].ended <= new.begun:
            open_now.pop()
        if open_now:
            assert new.ended <= open_now[-1].ended, f"{new.name} overlaps {open_now[-1].name}"
        (open_now[-1].inside if open_now else top).append(new)
        open_now.append(new)
    return top
