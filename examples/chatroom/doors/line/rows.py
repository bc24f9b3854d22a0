"""Lines cut into rows that fit on a terminal of 80 columns.

Rule of this file: from one line of text to its rows; what the text means is not its concern.

A terminal begins a new row where a line is too long for it, and whoever wrote the line chooses
what stands there: with the right number of characters before it, "-- Ada is an operator now." looks
like a line of its own.  So the server begins the rows, and each but the first begins with blanks,
as no line does.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

COLUMNS = 79
"""Columns that are used where the window is not known to be wider or narrower than 80.

A terminal may begin a new row once its last column is full, so that one is left free.
"""

WIDTHS = (20, 40, 60, COLUMNS, 100, 120, 160, 200, 300, 65534)
"""The widths that are used: few, since each of them costs a rendering of all that is said.

Fewer columns are not used, however narrow a window is said to be: the indent must leave some room.
"""

INDENT = "    "

_EMOJI_STYLE = "\ufe0f"  # makes the character before it an emoji, which is a column wider


def columns_used(window: int) -> int:
    """Return the columns that are used of a window of so many; 0: its size is not known."""
    if not window:
        return COLUMNS
    return max((width for width in WIDTHS if width < window), default=WIDTHS[0])


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
    if text[: columns + 1].isascii():  # most are, and this is called for each row of a page
        space = text.rfind(" ", 1, columns + 1)
        return len(text) if len(text) <= columns else space if space > 0 else columns
    used = 0
    for at, char in enumerate(text):
        used += _width(char)
        if used > columns:
            space = text.rfind(" ", 1, at + 1)
            return space if space > 0 else at
    return len(text)


@lru_cache(maxsize=4096)
def _width(char: str) -> int:
    if char == _EMOJI_STYLE:
        return 1
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
