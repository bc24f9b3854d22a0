"""Unicode's tables of look-alikes and of scripts; Python's own `unicodedata` has neither.

Rule of this file: read ``unicode.txt``, which ``python3 -m tests.look_alikes`` makes from Unicode's
data files.  docs/explanation/chat-room.md explains why no package is used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from unicodedata import normalize

Ranges = tuple[list[int], list[int], list[str]]
"""Ranges of code points in their order: the first ones, the last ones, the ranges' names."""


@cache
def prototypes() -> Mapping[str, str]:
    """Return the prototype of each character that resembles another, in the normal form D."""
    found = {}
    for line in _lines("look "):
        prototype, _, characters = line.partition(" = ")
        text = normalize("NFD", "".join(map(_char, prototype.split())))
        found.update(dict.fromkeys(map(_char, characters.split()), text))
    return found


@cache
def scripts() -> Ranges:
    """Return the scripts, in capitals, and the characters that belong to each."""
    found = []
    for line in _lines("script "):
        name, *ranges = line.split()
        for each in ranges:
            first, _, last = each.partition("-")
            found.append((int(first, 16), int(last, 16), name.upper()))
    found.sort()
    firsts, lasts, names = zip(*found, strict=True)
    return list(firsts), list(lasts), list(names)


def _char(code: str) -> str:
    return chr(int(code, 16))


def _lines(kind: str) -> Iterator[str]:
    text = files(__package__).joinpath("unicode.txt").read_text(encoding="utf-8")
    return (line.removeprefix(kind) for line in text.splitlines() if line.startswith(kind))
