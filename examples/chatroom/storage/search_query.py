"""From what somebody typed into a search to what FTS5 is asked.

Rule of this file: pure functions.  FTS5's query language has operators, columns and brackets;
none of it is for strangers: every word becomes a quoted string, in which only the quote itself
means anything, and is doubled.

Chinese, Japanese, Thai and their like put no spaces between words, so FTS5 would take a whole
sentence for one word.  Their letters are set apart in what is stored (`spaced`) and in what is
asked, where they must follow each other: so any part is found.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

MOST_WORDS = 16
"""Each word is a list to be merged with the others: more would buy nothing but work.

Counted as FTS5 does, for which "well-known" is two and a Chinese word one for each letter: a
phrase of a thousand of them holds the disk's thread, and with it the room, for half a minute.
"""


_UNSPACED = re.compile(
    "["
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao; Myanmar; Khmer
    "\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f"  # kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
    "]"
)


def spaced(text: str) -> str:
    """Return `text` with each letter of such a script set apart; empty if there is none."""
    apart = _UNSPACED.sub(r" \g<0> ", text)
    return "" if apart == text else apart


def match_expression(typed: str) -> str:
    """Return the FTS5 expression that finds what has all words of `typed`; empty: nothing can.

    The last word also finds longer ones that begin with it, as people are used to while typing.
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
    # A lone surrogate cannot be encoded, and SQLite would take NUL for the end of it all.
    typed = typed.encode("utf-8", "replace").decode("utf-8").replace("\0", " ")
    return [word for word in typed.split() if any(map(_counts, word))]


def _counts(char: str) -> bool:
    """Say whether FTS5's tokenizer takes `char` for part of a word.

    A word without any would be an empty phrase, which matches nothing: "hello !" has to find
    what "hello" finds.
    """
    category = unicodedata.category(char)
    return category[0] in "LN" or category == "Co"
