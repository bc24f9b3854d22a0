"""Texts that look alike: the skeleton of UTS 39, Unicode's report on security.

Rule of this file: pure functions on text; other files decide which names may not look alike.

UTS 39 gives every character that resembles another a prototype; the skeleton is the text in
prototypes.  "Ada" has the same skeleton whether its A is Latin or Cyrillic; so have "l", "I" and
"1", "O" and "0", "m" and "rn".  Names that differ only in case are one name here, so the skeleton
is folded as well: "IAN" and "lan" look alike, and so do "Ian" and "lan".
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from . import unicode_data
from .text import INVISIBLE_LETTERS

_UNSEEN = frozenset("\u034f") | INVISIBLE_LETTERS
# Each pass folds and replaces; four are enough for every character of Unicode 17 (a test checks
# them), and the limit bounds the loop for any table.
_PASSES = 8


@lru_cache(maxsize=4096)
def skeleton(text: str) -> str:
    """Return the skeleton of `text`; texts with one skeleton look alike.

    Never raises; ``skeleton(skeleton(text)) == skeleton(text)``.

    The table is Unicode's own, see `unicode_data`.  It does not contain what depends on the
    typeface ("vv" and "w", "cl" and "d"), and accents count: "Jurgen" is not "Jürgen".
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
