"""Scripts in one word: which letters belong together.

Rule of this file: pure functions on text.  The rule is "moderately restrictive" of UTS 39,
Unicode's report on security: one script, or those that are written together in East Asia, or Latin
and one other that is in everyday use, except Cyrillic and Greek, which look too much like it.  A
character counts for its main script; UTS 39 also considers the others in which it is used.
"""

from __future__ import annotations

from bisect import bisect_right

from . import unicode_data

_NEUTRAL = frozenset({"COMMON", "INHERITED"})
_TOGETHER = (
    frozenset({"LATIN", "HAN", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "HAN", "BOPOMOFO"}),
    frozenset({"LATIN", "HAN", "HANGUL"}),
)
# The recommended scripts of UAX 31, without Latin itself and its two look-alikes.
_RECOMMENDED = """
    ARABIC ARMENIAN BENGALI BOPOMOFO DEVANAGARI ETHIOPIC GEORGIAN GUJARATI GURMUKHI HAN HANGUL
    HEBREW HIRAGANA KANNADA KATAKANA KHMER LAO MALAYALAM MYANMAR ORIYA SINHALA TAMIL TELUGU
    THAANA THAI TIBETAN
"""
_WITH_LATIN = frozenset(_RECOMMENDED.split())


def clashing(text: str) -> tuple[str, ...]:
    """Return the scripts in `text` if they do not belong together, otherwise nothing."""
    found = {script(char) for char in text} - _NEUTRAL
    if len(found) < 2 or any(found <= each for each in _TOGETHER):
        return ()
    if len(found) == 2 and "LATIN" in found and found - {"LATIN"} <= _WITH_LATIN:
        return ()
    return tuple(sorted(found))


def script(char: str) -> str:
    """Return the script of `char` in capitals, as in Unicode's list; ``UNKNOWN`` if it has none."""
    starts, ends, names = unicode_data.scripts()
    at = bisect_right(starts, ord(char)) - 1
    return names[at] if at >= 0 and ord(char) <= ends[at] else "UNKNOWN"
