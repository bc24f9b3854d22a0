"""The chat room's table of look-alikes and scripts: ``python3 -m tests.look_alikes FOLDER``.

Writes ``examples/chatroom/people/unicode.txt`` from two files of Unicode's as the source of ICU
carries them, in its folder ``source/data/unidata``: ``confusables.txt`` (UTS 39) and ``ppucd.txt``
(the properties of all characters).  Debian has that source: ``apt-get source icu``.  To be run when
there is a new version of Unicode.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

TABLE = Path(__file__).parents[1] / "examples/chatroom/people/unicode.txt"
MARK = "# --\n"
"""Ends the head of the table, which is kept: whose it is, and under which licence."""


def main(folder: str) -> None:
    """Write the table anew."""
    confusables, properties = (
        Path(folder, name).read_text(encoding="utf-8-sig").splitlines()
        for name in ("confusables.txt", "ppucd.txt")
    )
    head, _, _ = TABLE.read_text(encoding="utf-8").partition(MARK)
    version = next(line.split()[-1] for line in confusables if line.startswith("# Version:"))
    lines = [f"version {version}", *look_alikes(confusables), *scripts(properties)]
    TABLE.write_text(head + MARK + "\n".join(lines) + "\n", encoding="utf-8")


def look_alikes(lines: Iterable[str]) -> Iterator[str]:
    """Yield, for each prototype in confusables.txt, ``look PROTOTYPE = CHARACTER...``."""
    families: dict[str, list[str]] = {}
    for line in lines:
        fields = [field.strip() for field in line.partition("#")[0].split(";")]
        if len(fields) == 3:
            families.setdefault(fields[1], []).append(fields[0])
    for prototype, characters in families.items():
        yield f"look {prototype} = {' '.join(characters)}"


def scripts(lines: Iterable[str]) -> Iterator[str]:
    """Yield, for each script in ppucd.txt, ``script NAME FIRST-LAST...``."""
    names: dict[str, str] = {}
    found: dict[int, str] = {}
    for line in lines:
        what, *fields = line.split(";")
        script = next((each[3:] for each in fields if each.startswith("sc=")), "")
        if what == "value" and fields[0] == "sc":
            names[fields[1]] = fields[2]
        elif what == "unassigned":
            script = "Zzzz"
        # A block has what holds for all its characters but those that say otherwise.
        if script and what in ("block", "cp", "unassigned"):
            found.update(dict.fromkeys(_range_of(fields[0]), script))
    ranges: dict[str, list[list[int]]] = {}
    for code, script in sorted(found.items()):
        if script != "Zzzz":
            _add(ranges.setdefault(names[script], []), code)
    for name, known in ranges.items():
        yield f"script {name} {' '.join(f'{first:X}-{last:X}' for first, last in known)}"


def _range_of(text: str) -> range:
    first, _, last = text.partition("..")
    return range(int(first, 16), int(last or first, 16) + 1)


def _add(known: list[list[int]], code: int) -> None:
    if known and known[-1][1] + 1 == code:
        known[-1][1] = code
    else:
        known.append([code, code])


if __name__ == "__main__":
    main(sys.argv[1])
