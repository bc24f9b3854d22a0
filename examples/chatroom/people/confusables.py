"""Texts that look alike: the skeleton of UTS 39, Unicode's report on security.

Rule of this file: pure functions on text; who may not look like whom is said elsewhere.

UTS 39 gives every character that resembles another a prototype; the skeleton is the text in
prototypes.  "Ada" has the same one whether its A is Latin or Cyrillic; so have "l", "I" and "1",
"O" and "0", "m" and "rn".  Case makes no other name here, so ours is folded as well: "IAN" and
"lan" look alike, and so do "Ian" and "lan".
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache

from . import unicode_data
from .text import INVISIBLE_LETTERS

# What is used without the table: the letters that the most common forgeries are made of.
_FEW = dict(
    [
        *zip("АВЕКМНОРСТУХІЈЅ", "ABEKMHOPCTYXlJS", strict=True),  # noqa: RUF001 - look-alikes
        *zip("аеорсухіјѕԁ", "aeopcyxijsd", strict=True),  # noqa: RUF001 - look-alikes
        *zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHlKMNOPTYX", strict=True),  # noqa: RUF001 - look-alikes
        *zip("αοινρυ", "aoivpu", strict=True),  # noqa: RUF001 - look-alikes
        *zip("01I|", "Olll", strict=True),
        ("m", "rn"),
        ("ı", "i"),  # noqa: RUF001 - look-alikes
    ]
)
_UNSEEN = frozenset("\u034f") | INVISIBLE_LETTERS
# Each pass folds and replaces; four are enough for every character of Unicode 15.1 (a test
# tries them), and the number keeps a strange table from holding the loop.
_PASSES = 8


@lru_cache(maxsize=4096)
def skeleton(text: str) -> str:
    """Return what `text` looks like; texts with one skeleton can be taken for each other.

    Never raises; ``skeleton(skeleton(text)) == skeleton(text)``.

    With `confusable-homoglyphs` installed the table is Unicode's own, as new as that package.
    It does not know what depends on the typeface ("vv" and "w", "cl" and "d"), and accents
    count: "Jurgen" is not "Jürgen".  Without the package only the common Cyrillic and Greek
    doubles of Latin letters, the digits 0 and 1, and "rn" are seen.
    """
    for _ in range(_PASSES):
        before, text = text, _replace(text).casefold()
        if text == before:
            break
    return text


def complete() -> bool:
    """Say whether Unicode's table is there; otherwise only a few characters are known."""
    return len(_prototypes()) > len(_FEW)


def _replace(text: str) -> str:
    table = _prototypes()
    seen = (char for char in unicodedata.normalize("NFD", text) if not _invisible(char))
    return unicodedata.normalize("NFD", "".join(table.get(char, char) for char in seen))


def _invisible(char: str) -> bool:
    selector = "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"
    return selector or char in _UNSEEN or unicodedata.category(char) == "Cf"


@cache
def _prototypes() -> Mapping[str, str]:
    found = unicode_data.load("confusables.json")
    return _FEW if found is None else _directed(found)


def _directed(pairs: Mapping[str, Sequence[Mapping[str, str]]]) -> dict[str, str]:
    """Return the prototype of each character in the package's table.

    The package gives Unicode's pairs in both directions and does not say which was meant.  But
    every character has one prototype, and a prototype has none: each family is a star.  The one
    in the middle is whoever has several neighbours, or is no single character.  Of two that
    have only each other either will do; the lower is more often what people type.
    """
    around = {
        _plain(text): {_plain(pair["c"]) for pair in neighbours}
        for text, neighbours in pairs.items()
    }
    return {
        text: middle
        for text, neighbours in around.items()
        if len(text) == 1 and len(neighbours) == 1
        for middle in neighbours
        if len(middle) > 1 or len(around[middle]) > 1 or middle < text
    }


def _plain(text: str) -> str:
    # The table's file sets marks around right-to-left letters, for those who read it.
    return unicodedata.normalize("NFD", text.replace("\u200e", ""))
