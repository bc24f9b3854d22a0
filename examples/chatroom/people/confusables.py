"""Texts that look alike: the skeleton of UTS 39, Unicode's report on security.

Rule of this file: pure functions on text; who may not look like whom is said elsewhere.

UTS 39 gives every character that resembles another a prototype; the skeleton is the text in
prototypes.  "Ada" has the same one whether its A is Latin or Cyrillic; so have "l", "I" and "1",
"O" and "0", "m" and "rn".  Case makes no other name here, so ours is folded as well: "IAN" and
"lan" look alike, and so do "Ian" and "lan".
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from . import unicode_data
from .text import INVISIBLE_LETTERS

_UNSEEN = frozenset("\u034f") | INVISIBLE_LETTERS
# Each pass folds and replaces; four are enough for every character of Unicode 17 (a test
# tries them), and the number keeps a strange table from holding the loop.
_PASSES = 8


@lru_cache(maxsize=4096)
def skeleton(text: str) -> str:
    """Return what `text` looks like; texts with one skeleton can be taken for each other.

    Never raises; ``skeleton(skeleton(text)) == skeleton(text)``.

    The table is Unicode's own, see `unicode_data`.  It does not know what depends on the typeface
    ("vv" and "w", "cl" and "d"), and accents count: "Jurgen" is not "Jürgen".
    """
    for _ in range(_PASSES):
        before, text = text, _replace(text).casefold()
        if text == before:
            break
    return text


def _replace(text: str) -> str:
    table = unicode_data.prototypes()
    seen = (char for char in unicodedata.normalize("NFD", text) if not _invisible(char))
    return unicodedata.normalize("NFD", "".join(table.get(char, char) for char in seen))


def _invisible(char: str) -> bool:
    selector = "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"
    return selector or char in _UNSEEN or unicodedata.category(char) == "Cf"
