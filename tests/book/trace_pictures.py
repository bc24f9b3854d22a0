"""Two pictures of the sample trace: the whole of it, and one line on its way to all members."""

import gzip
import json
from dataclasses import dataclass
from typing import Any

from tests.book.drawing import Drawing
from tests.book.pages import DOCS

PLACE = DOCS / "howto" / "img"
SAMPLE = DOCS / "howto" / "chatroom-trace.json.gz"
_WIDTH, _LEFT, _RIGHT = 350, 114, 8  # to be read on a phone
_ROW = 26
_LOOP = 1  # the loop's row in a trace

Entry = dict[str, Any]


@dataclass(frozen=True)
class Span:
    """A stretch of time of the trace, and its place in the picture."""

    begin: float
    end: float

    def x(self, when: float) -> float:
        """Return where a moment is, in pixels."""
        share = (min(max(when, self.begin), self.end) - self.begin) / (self.end - self.begin)
        return round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 1)


def entries() -> list[Entry]:
    """Return the sample's entries."""
    found: list[Entry] = json.loads(gzip.decompress(SAMPLE.read_bytes()))
    return found


def rows(trace: list[Entry]) -> dict[int, str]:
    """Return the names of the rows, the loop's first; addresses are left out."""
    names = {e["tid"]: e["args"]["name"] for e in trace if e["name"] == "thread_name"}
    return {row: " ".join(names[row].split()[:3]) for row in sorted(names)}


def slices(trace: list[Entry]) -> list[Entry]:
    return [entry for entry in trace if entry["ph"] == "X"]


def overview() -> Drawing:
    """The whole sample: the loop's waits, and the handlers of each connection."""
    trace = entries()
    names = rows(trace)
    span = Span(0, max(e.get("ts", 0) + e.get("dur", 0) for e in trace))
    drawing = Drawing(_WIDTH, 80 + _ROW * len(names), "The sample trace: three seconds of a room")
    drawing.text(_LEFT, 16, "0 s", anchor="start", faint=True, size=12)
    drawing.text(_WIDTH - _RIGHT, 16, f"{span.end / 1e6:.1f} s", anchor="end", faint=True, size=12)
    for number, (row, name) in enumerate(names.items()):
        y = 24 + _ROW * number
        drawing.text(4, y + 15, name, anchor="start", size=12, code=True)
        if row == _LOOP:
            _waits(drawing, trace, span, y)
            continue
        alive = [e["ts"] for e in trace if e["tid"] == row and e["name"] in ("opened", "closed")]
        first, last = alive[0], alive[1] if len(alive) > 1 else span.end
        drawing.box(span.x(first), y + 6, span.x(last) - span.x(first), 8, kind="quiet")
        for each in slices(trace):
            if each["tid"] == row:
                drawing.box(span.x(each["ts"]), y, 3, 20, kind="hot")
    foot = 44 + _ROW * len(names)
    _explain(drawing, foot, "blue: the loop waits", "orange: a handler or a flush")
    return drawing


def _waits(drawing: Drawing, trace: list[Entry], span: Span, y: float) -> None:
    for each in slices(trace):
        if each["name"] == "wait" and each["dur"] > 1000:
            left, right = span.x(each["ts"]), span.x(each["ts"] + each["dur"])
            drawing.box(left, y, max(2, right - left - 1), 20)


def one_line(trace: list[Entry]) -> tuple[Entry, Entry, list[Entry]]:
    """Return a handler that read a line, the callback that pushed it, and the flushes."""
    arrows: dict[int, list[Entry]] = {}
    for entry in trace:
        if entry["name"] == "push":
            arrows.setdefault(entry["id"], []).append(entry)
    through = [each for each in arrows.values() if len(each) == 3]
    last = [_slice_at(trace, point) for point in max(through, key=lambda each: each[0]["ts"])]
    reader, callback = last[0], last[1]
    same = [each for each in through if _slice_at(trace, each[1]) is callback]
    return reader, callback, [_slice_at(trace, each[2]) for each in same]


def _slice_at(trace: list[Entry], point: Entry) -> Entry:
    """Return the innermost slice of a row at a time."""
    inside = [
        e for e in slices(trace)
        if e["tid"] == point["tid"] and e["ts"] <= point["ts"] <= e["ts"] + e["dur"]
    ]  # fmt: skip
    return min(inside, key=lambda each: float(each["dur"]))


def arrows() -> Drawing:
    """One line on its way: read, stored by a callback, flushed to each member."""
    trace = entries()
    names = rows(trace)
    reader, callback, flushes = one_line(trace)
    span = Span(reader["ts"], max(each["ts"] + each["dur"] for each in flushes))
    shown = [_LOOP, *sorted({reader["tid"], *(each["tid"] for each in flushes)})]
    places = {row: 34 + 40 * number for number, row in enumerate(shown)}
    drawing = Drawing(_WIDTH, 90 + 40 * len(shown), "One line on its way to all members")
    milliseconds = (span.end - span.begin) / 1000
    drawing.text(_LEFT, 16, "0 ms", anchor="start", faint=True, size=12)
    drawing.text(_WIDTH - _RIGHT, 16, f"{milliseconds:.2f} ms", anchor="end", faint=True, size=12)
    for row, y in places.items():
        drawing.text(4, y + 15, names[row], anchor="start", size=12, code=True)
    _slice(drawing, span, callback, places[_LOOP], "box")
    _slice(drawing, span, reader, places[reader["tid"]], "hot")
    start = span.x(callback["ts"] + callback["dur"] / 2), places[_LOOP] + 20.0
    drawing.arrow((span.x(reader["ts"] + reader["dur"] / 2), float(places[reader["tid"]])), start)
    for each in flushes:
        _slice(drawing, span, each, places[each["tid"]], "quiet")
        drawing.arrow(start, (span.x(each["ts"]), places[each["tid"]] + 10.0), faint=True)
    foot = 50 + 40 * len(shown)
    _explain(drawing, foot, f"orange: handle_read   blue: {callback['name']}", "grey: flush")
    return drawing


def _explain(drawing: Drawing, foot: float, *lines: str) -> None:
    for number, line in enumerate(lines):
        drawing.text(4, foot + 18 * number, line, anchor="start", faint=True, size=12)


def _slice(drawing: Drawing, span: Span, entry: Entry, y: float, kind: str) -> None:
    left, right = span.x(entry["ts"]), span.x(entry["ts"] + entry["dur"])
    drawing.box(left, y, max(4, right - left), 20, kind=kind)


PICTURES = {"trace-chatroom": overview, "trace-arrows": arrows}


def draw_all() -> None:
    for name, draw in PICTURES.items():
        (PLACE / f"{name}.svg").write_text(draw().svg())
