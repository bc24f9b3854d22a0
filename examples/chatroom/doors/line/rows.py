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
"""Columns that are used where the window is not known to be wider or narrower than 80.

A terminal may begin a new row once its last column is full, so that one is left free.
"""

LEAST_COLUMNS = 20
"""Fewer are not used, however narrow a window is said to be: the indent must leave some room."""

INDENT = "    "

_EMOJI_STYLE = "\ufe0f"  # makes the character before it an emoji, which is a column wider


def columns_used(window: int) -> int:
    """Return the columns that are used of a window of so many; 0: its size is not known."""
    return max(window - 1, LEAST_COLUMNS) if window else COLUMNS


def rows_of(line: str, columns: int = COLUMNS) -> list[str]:
    """Return `line` in rows of up to `columns` columns, cut between words where there are any."""
    if len(line) <= columns and (line.isascii() or 2 * len(line) <= columns):
        return [line]
    end = _end_of_row(line, columns)
    rows, rest = [line[:end]], line[end:].lstrip()
    while rest:
        end = _end_of_row(rest, columns - len(INDENT))
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
