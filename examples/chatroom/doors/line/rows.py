"""Lines cut into rows that fit on a terminal of 80 columns.

Rule of this file: from one line of text to its rows; what the text means is not its concern.

A terminal begins a new row where a line is too long for it, and whoever wrote the line chooses
what stands there: with the right number of characters before it, "-- Ada is an operator now." looks
like a line of its own.  So the server begins the rows, and each but the first begins with blanks,
as no line does.
"""

from __future__ import annotations

import unicodedata

COLUMNS = 79
"""Columns that are used: a terminal of 80 may begin a new row once its last column is full."""

INDENT = "    "

_EMOJI_STYLE = "\ufe0f"  # makes the character before it an emoji, which is a column wider


def rows_of(line: str) -> list[str]:
    """Return `line` in rows of up to `COLUMNS` columns, cut between words where there are any."""
    if len(line) <= COLUMNS and (line.isascii() or 2 * len(line) <= COLUMNS):
        return [line]
    end = _end_of_row(line, COLUMNS)
    rows, rest = [line[:end]], line[end:].lstrip()
    while rest:
        end = _end_of_row(rest, COLUMNS - len(INDENT))
        rows.append(INDENT + rest[:end])
        rest = rest[end:].lstrip()
    return rows


def width_of(text: str) -> int:
    """Return the columns that `text` takes; rather too many than too few."""
    return sum(map(_width, text))


def _end_of_row(text: str, columns: int) -> int:
    used = 0
    for at, char in enumerate(text):
        used += _width(char)
        if used > columns:
            space = text.rfind(" ", 1, at + 1)
            return space if space > 0 else at
    return len(text)


def _width(char: str) -> int:
    if char == _EMOJI_STYLE:
        return 1
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
