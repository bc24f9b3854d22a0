"""Makes untrusted text safe for the terminals of other members.

Rule of this file: pure functions from bytes or text to text; nothing about rooms or protocols.

A terminal interprets what it receives: an escape sequence can change its colours or its title or
make it type; a bidirectional override can make a line look as if another member had written it.  So
this file has a list of what is allowed, not of what is forbidden: printable characters, one plain
space for white space of every kind and number, and the two joiners that Persian and many emoji
need.  Whatever Unicode adds later is unknown here and therefore not allowed.  Several spaces become
one, since they could push the following text to where another line begins.
"""

from __future__ import annotations

import re
import unicodedata

# Zero-width non-joiner and joiner: they change the shape of their neighbours, never the order.
JOINERS = frozenset("\u200c\u200d")
# Characters that Unicode classes as letters, but that are invisible.
INVISIBLE_LETTERS = frozenset("\u115f\u1160\u17b4\u17b5\u3164\uffa0\u2800")
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

_SPACES = re.compile("  +")
_BECOMES_SPACE = frozenset("\t\n\v\f\r\x85")
_SPACE_CATEGORIES = frozenset({"Zs", "Zl", "Zp"})
_DROPPED_CATEGORIES = frozenset({"Cc", "Cf"})


def clean(text: str) -> str:
    """Return `text` as one line that has no effect on a terminal but to show characters.

    Control characters (C0, DEL, C1) and invisible format characters are removed, white space
    of every kind and length becomes a space, unassigned and surrogate code points become U+FFFD.
    The result encodes to UTF-8 without error, and ``clean(clean(x)) == clean(x)``.
    """
    if not text.isprintable() or not INVISIBLE_LETTERS.isdisjoint(text):
        text = "".join(map(_safe, text))
    return _SPACES.sub(" ", text) if "  " in text else text


def decode(data: bytes) -> str:
    """Return UTF-8 `data` as safe text; bytes that are not valid UTF-8 become U+FFFD."""
    return clean(data.decode("utf-8", "replace"))


def shorten(text: str, limit: int) -> str:
    """Return `text`, cut to at most `limit` characters; the last is an ellipsis if it was cut."""
    return text if len(text) <= limit else text[: limit - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _safe(char: str) -> str:
    if char in INVISIBLE_LETTERS or char in _BECOMES_SPACE:
        return " "
    if char.isprintable() or char in JOINERS:
        return char
    category = unicodedata.category(char)
    if category in _SPACE_CATEGORIES:
        return " "
    return "" if category in _DROPPED_CATEGORIES else REPLACEMENT
