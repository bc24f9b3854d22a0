"""Drawing a row: its words in styles, cut to the width of the terminal.

Rule of this file: pure functions from rows to styled text; prompt_toolkit counts the columns.

A terminal starts a new row where a line is too long, so the author of the line could choose the
text of that row. So the rows are cut here, and each but the first begins with blanks.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator

from prompt_toolkit.utils import get_cwidth

from .palette import colour_of, mentions_in
from .room import Row

Fragment = tuple[str, str]  # style and text, as prompt_toolkit has them
Line = list[Fragment]

INDENT = "    "
NARROWEST = 12  # columns; a smaller window is drawn as if it had this many
# Terminals disagree about how wide these make the character before them; without them each
# character has a width of its own, and the row stays whole: variation selectors, skin tones.
_UNSURE = re.compile("[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")
_EMOJI_JOINER = re.compile("(?<=[\u2190-\u2bff\U0001f000-\U0001faff])\u200d")
MOST_MARKS = 6  # on one character; more would overlap other rows, and use memory
_WORDS = re.compile(" +|[^ ]+")


def certain(text: str) -> str:
    """Return `text` without characters whose width differs, or that overlap other rows."""
    if text.isascii():
        return text
    return "".join(_thinned(_EMOJI_JOINER.sub("", _UNSURE.sub("", text))))


def _thinned(text: str) -> Iterator[str]:
    marks = 0
    for char in text:
        marks = 0 if get_cwidth(char) else marks + 1
        if marks <= MOST_MARKS:
            yield char


def width_of(text: str) -> int:
    """Return the width of `text` in columns."""
    return sum(map(get_cwidth, text))


def fitted(text: str, columns: int) -> str:
    """Return the longest beginning of `text` that fits into this many columns."""
    used = 0
    for at, char in enumerate(text):
        used += get_cwidth(char)
        if used > columns:
            return text[:at]
    return text


def draw(row: Row, me: str) -> Line:
    """Return `row` as one line of any length."""
    if row.kind == "text":
        return [("class:mention" if row.mention else "", certain(row.text))]
    found = row.kind.startswith("found ")
    clock = "%Y-%m-%d %H:%M" if found else "%H:%M"
    at = "" if row.at is None else time.strftime(clock, time.localtime(row.at)) + " "
    line = [("class:time", row.label + at), *_body(row, row.kind.removeprefix("found "), me)]
    if not row.kept:
        line.append(("class:time", " (not stored)"))
    return [(style, certain(text)) for style, text in line if text]


def wrapped(line: Iterable[Fragment], columns: int) -> list[Line]:
    """Return `line` in rows of up to `columns` columns, cut between words where there are any."""
    columns = max(columns, NARROWEST)
    rows: list[Line] = [[]]
    left = columns
    for style, text in line:
        for word in _WORDS.findall(text):
            width = width_of(word)
            if width > left and not (word.isspace() or width > columns - len(INDENT)):
                rows.append([("", INDENT)])
                left = columns - len(INDENT)
            elif width > left and word.isspace():
                continue
            while width > left:  # a word longer than a row
                piece = fitted(word, left)
                rows[-1].append((style, piece))
                rows.append([("", INDENT)])
                word, left = word[len(piece) :], columns - len(INDENT)
                width = width_of(word)
            rows[-1].append((style, word))
            left -= width
    return rows


def _body(row: Row, kind: str, me: str) -> Iterator[Fragment]:
    name = (f"class:name {colour_of(row.sender)}", row.sender)
    if kind == "said":
        yield from (name, ("", ": "))
        yield from _words(row, me)
    elif kind == "acted":
        yield from (("", "* "), name, ("", " "))
        yield from _words(row, me)
    elif kind == "whispered":
        other = (f"class:name {colour_of(row.recipient)}", row.recipient)
        yield from (name, ("class:private", " to "), other, ("class:private", " alone: "))
        yield ("class:private", row.text)
    else:
        yield ("class:notice", f"-- {_SENTENCES.get(kind, '{text}').format_map(_Fields(row))}")


def _words(row: Row, me: str) -> Iterator[Fragment]:
    """Return the message's words, with the user's name marked."""
    at = 0
    for start, end in mentions_in(row.text, me) if row.mention else []:
        yield ("", row.text[at:start])
        yield ("class:mention", row.text[start:end])
        at = end
    yield ("", row.text[at:])


class _Fields(dict[str, str]):
    def __init__(self, row: Row) -> None:
        super().__init__(sender=row.sender, text=row.text)


_SENTENCES = {
    "joined": "{sender} came in.",
    "left": "{sender} left: {text}.",
    "renamed": "{sender} is now called {text}.",
    "topic": "{sender} set the topic: {text}",
    "operator": "{sender} is an operator now.",
    "locked": "{sender} closed the room with a key.",
    "unlocked": "{sender} opened the room to all.",
}
