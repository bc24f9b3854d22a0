"""Names: the colour of a name, and whether a text mentions it.

Rule of this file: pure functions on text; the same rules as the page's ``names.js``.
"""

from __future__ import annotations

import math
import unicodedata
from functools import lru_cache

_LIGHTNESS, _COLOURFULNESS = 0.68, 0.12  # readable on black and on white
_MASK = 0xFFFFFFFF


def hue_of(name: str) -> int:
    """Return the hue of a name, in degrees: the same one on every screen and every day."""
    mixed = 2166136261
    for char in unicodedata.normalize("NFKC", name).lower():
        mixed = ((mixed ^ ord(char)) * 16777619) & _MASK
    mixed ^= mixed >> 15  # the low bits alone hardly differ between short names
    return mixed % 360


@lru_cache(maxsize=4096)
def colour_of(name: str) -> str:
    """Return the colour of a name as ``#rrggbb``."""
    return "#" + "".join(f"{each:02x}" for each in _rgb(hue_of(name)))


def mentions_in(text: str, name: str) -> list[tuple[int, int]]:
    """Return where `text` has `name` as a whole word, ignoring case: start and end."""
    found: list[tuple[int, int]] = []
    wanted, lowered = name.lower(), text.lower()
    # Some letters change their length with their case; then positions would be wrong.
    if not wanted or len(lowered) != len(text):
        return found
    at = lowered.find(wanted)
    while at >= 0:
        end = at + len(wanted)
        if not (_in_word(text[at - 1 : at]) or _in_word(text[end : end + 1])):
            found.append((at, end))
        at = lowered.find(wanted, at + 1)
    return found


def _in_word(char: str) -> bool:
    return char.isalnum() or char == "_"


def _rgb(hue: int) -> tuple[int, int, int]:
    """Convert from OKLCH, as the page's style sheet gives it (CSS Color 4, 9.3)."""
    a = _COLOURFULNESS * math.cos(math.radians(hue))
    b = _COLOURFULNESS * math.sin(math.radians(hue))
    long = (_LIGHTNESS + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (_LIGHTNESS - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (_LIGHTNESS - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        _channel(4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short),
        _channel(-1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short),
        _channel(-0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short),
    )


def _channel(linear: float) -> int:
    light = min(1.0, max(0.0, linear))
    curved = 12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055
    return round(255 * curved)
