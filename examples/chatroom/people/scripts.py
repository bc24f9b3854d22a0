"""Scripts in one word: which letters belong together.

Rule of this file: pure functions on text.  The measure is "moderately restrictive" of UTS 39,
Unicode's report on security: one script, or those that are written together in East Asia, or
Latin and one other that is in everyday use, but not Cyrillic or Greek, which look too much like
it.  A character counts for its main script; UTS 39 also looks at the others it is used in.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from functools import cache

from . import unicode_data

_NEUTRAL = frozenset({"COMMON", "INHERITED"})
_TOGETHER = (
    frozenset({"LATIN", "HAN", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "HAN", "BOPOMOFO"}),
    frozenset({"LATIN", "HAN", "HANGUL"}),
)
# The recommended scripts of UAX 31, without Latin itself and its two doubles.
_RECOMMENDED = """
    ARABIC ARMENIAN BENGALI BOPOMOFO DEVANAGARI ETHIOPIC GEORGIAN GUJARATI GURMUKHI HAN HANGUL
    HEBREW HIRAGANA KANNADA KATAKANA KHMER LAO MALAYALAM MYANMAR ORIYA SINHALA TAMIL TELUGU
    THAANA THAI TIBETAN
"""
_WITH_LATIN = frozenset(_RECOMMENDED.split())
_KNOWN_BY_NAME = frozenset({"LATIN", "GREEK", "CYRILLIC"})


def clashing(text: str) -> tuple[str, ...]:
    """Return the scripts in `text` if they do not belong together, else nothing.

    Without `confusable-homoglyphs` only Latin, Greek and Cyrillic are told apart.
    """
    found = {script(char) for char in text} - _NEUTRAL
    if len(found) < 2 or any(found <= each for each in _TOGETHER):
        return ()
    if len(found) == 2 and "LATIN" in found and found - {"LATIN"} <= _WITH_LATIN:
        return ()
    return tuple(sorted(found))


def complete() -> bool:
    """Say whether Unicode's table is there; otherwise only three scripts are known."""
    return _table() is not None


def script(char: str) -> str:
    """Return the script of `char` in capitals, as in Unicode's list; ``UNKNOWN`` has none."""
    table = _table()
    if table is None:
        word = unicodedata.name(char, "").partition(" ")[0]
        return word if word in _KNOWN_BY_NAME else "COMMON"
    starts, ends, names = table
    at = bisect_right(starts, ord(char)) - 1
    return names[at] if at >= 0 and ord(char) <= ends[at] else "UNKNOWN"


@cache
def _table() -> tuple[list[int], list[int], list[str]] | None:
    found = unicode_data.load("categories.json")
    if found is None:
        return None
    ranges = sorted(found["code_points_ranges"])
    names = found["iso_15924_aliases"]
    return (
        [first for first, _, _, _ in ranges],
        [last for _, last, _, _ in ranges],
        [names[which] for _, _, which, _ in ranges],
    )
