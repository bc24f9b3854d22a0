"""Converts a typed search to an FTS5 query.

Rule of this file: pure functions.  FTS5's query language has operators, columns and brackets, which
are not available to members: every word becomes a quoted string, in which only the quote itself is
special, and is doubled.

Chinese, Japanese, Thai and similar scripts put no spaces between words, so FTS5 would take a whole
sentence for one word.  Their letters are separated in the stored text (`spaced`) and in the query,
where they must be consecutive: so any part is found.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

MOST_WORDS = 16
"""Each word is a list to be merged with the others: more words cost time and add nothing.

Counted as FTS5 does, for which "well-known" is two words and a Chinese word one for each letter: a
phrase of a thousand of them blocks the disk's thread, and with it the room, for half a minute.
"""


_UNSPACED = re.compile(
    "["
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao; Myanmar; Khmer
    "\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f"  # kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
    "]"
)


def spaced(text: str) -> str:
    """Return `text` with the letters of such scripts separated; empty if there are none."""
    apart = _UNSPACED.sub(r" \g<0> ", text)
    return "" if apart == text else apart


def match_expression(typed: str) -> str:
    """Return the FTS5 expression for all words of `typed`; empty if nothing can match.

    The last word also matches longer words that begin with it, for searches while typing.
    """
    quoted = ['"' + word.replace('"', '""') + '"' for word in _bounded(_words(typed))]
    return " ".join(quoted) + " *" if quoted else ""


def _bounded(words: Iterable[str]) -> Iterator[str]:
    left = MOST_WORDS
    for word in words:
        if left:
            cut, left = _cut(spaced(word) or word, left)
            yield cut


def _cut(text: str, most: int) -> tuple[str, int]:
    """Return `text` up to the end of its `most`-th token, and how many more it could have had."""
    inside = False
    for at, char in enumerate(text):
        counts = _counts(char)
        if counts and not inside:
            if not most:
                return text[:at], 0
            most -= 1
        inside = counts
    return text, most


def _words(typed: str) -> list[str]:
    # A lone surrogate cannot be encoded, and SQLite would end the string at NUL.
    typed = typed.encode("utf-8", "replace").decode("utf-8").replace("\0", " ")
    return [word for word in typed.split() if any(map(_counts, word))]


def _counts(char: str) -> bool:
    """Return whether FTS5's tokenizer takes `char` for part of a word.

    A word without any would be an empty phrase, which matches nothing: "hello !" must find what
    "hello" finds.
    """
    category = unicodedata.category(char)
    return category[0] in "LN" or category == "Co"
