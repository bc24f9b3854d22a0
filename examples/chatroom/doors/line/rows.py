"""Lines wrapped into rows that fit on a terminal of 80 columns.

Rule of this file: convert one line of text to its rows, whatever the text means.

A terminal begins a new row where a line is too long for it, and the author of the line controls the
text at that point: with the right number of characters before it, "-- Ada is an operator now."
looks like a line of its own.  So the server wraps the lines, and each row but the first begins with
blanks, as no line does.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

COLUMNS = 79
"""Columns used when the window's width is not known.

A terminal may begin a new row once its last column is full, so one column stays free.
"""

WIDTHS = (20, 40, 60, COLUMNS, 100, 120, 160, 200, 300, 65534)
"""The widths that are used: few, because each one costs a rendering of every message.

Fewer columns are never used, however narrow the window is: the indent must leave some room.
"""

INDENT = "    "

_EMOJI_STYLE = "\ufe0f"  # turns the character before it into an emoji, which is a column wider


def columns_used(window: int) -> int:
    """Return the columns to use of a window with `window` columns; 0: its size is not known."""
    if not window:
        return COLUMNS
    return max((width for width in WIDTHS if width < window), default=WIDTHS[0])


def rows_of(line: str, columns: int = COLUMNS) -> list[str]:
    """Return `line` in rows of up to `columns` columns, wrapped between words if possible."""
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
    """Return the columns that `text` takes, rounded up where the width is uncertain."""
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
