"""The view of a room's rows: which of their lines are visible, and scrolling back.

Rule of this file: from rows and a position in them to lines; only the visible part is drawn,
however many rows are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from prompt_toolkit.layout.controls import UIContent, UIControl

from .drawing import Line, draw, wrapped
from .room import Room, Row

KEPT = 2000  # rows whose drawn lines are cached


@dataclass(frozen=True, slots=True)
class Place:
    """The scroll position: the lowest visible row, and how many of its lines are below."""

    row: Row
    below: int = 0


class View:
    """A room's rows as lines of the given width.

    Args:
        room: Returns the room that is shown.
        me: Returns the user's name.
    """

    def __init__(self, room: Callable[[], Room], me: Callable[[], str]) -> None:
        self._room = room
        self._me = me
        self._places: dict[Room, Place] = {}
        self._drawn: dict[tuple[Row, int], list[Line]] = {}
        self._drawn_for = ("", 0)
        self._width, self._height = 80, 20

    @property
    def place(self) -> Place | None:
        """Return the scroll position; None at the end, where new rows scroll the view."""
        place = self._places.get(self._room())
        return place if place is not None and place.row in self._room().rows else None

    def below(self) -> int:
        """Return how many rows are below the visible ones."""
        rows, place = self._room().rows, self.place
        return 0 if place is None else len(rows) - 1 - rows.index(place.row)

    def lines(self, width: int, height: int) -> list[Line]:
        """Return the visible lines, at most `height`, the lowest last."""
        self._width, self._height = width, height
        rows, end, hidden = self._bottom()
        seen: list[Line] = []
        for row in reversed(rows[: end + 1]):
            drawn = self._lines_of(row)
            seen[:0] = drawn[: len(drawn) - hidden] if hidden else drawn
            hidden = 0
            if len(seen) >= height:
                break
        return seen[-height:] if height else []

    def scroll(self, by: int) -> bool:
        """Scroll back by this many lines (forward if negative); return False at either end."""
        rows, at, below = self._bottom()
        if not rows:
            return False
        below += by
        while below < 0 and at < len(rows) - 1:
            at += 1
            below += len(self._lines_of(rows[at]))
        while at > 0 and below >= len(self._lines_of(rows[at])):
            below -= len(self._lines_of(rows[at]))
            at -= 1
        return self._go(rows, at, below, by)

    def follow(self) -> None:
        """Scroll to the end."""
        self._places.pop(self._room(), None)

    def page(self) -> int:
        """Return the lines of a page: one line less than fits."""
        return max(1, self._height - 1)

    def _go(self, rows: Sequence[Row], at: int, below: int, by: int) -> bool:
        if at == len(rows) - 1 and below <= 0:
            self.follow()
            return by >= 0
        at, below, full = self._not_above(rows, at, below)
        self._places[self._room()] = Place(rows[at], below)
        return full

    def _not_above(self, rows: Sequence[Row], at: int, below: int) -> tuple[int, int, bool]:
        """Keep the window full: limit its first line to the first line that exists."""
        above, first = len(self._lines_of(rows[at])) - below, at
        while above < self._height and first > 0:
            first -= 1
            above += len(self._lines_of(rows[first]))
        missing = self._height - above
        if missing <= 0:
            return at, below, True
        below -= missing
        while below < 0 and at < len(rows) - 1:
            at += 1
            below += len(self._lines_of(rows[at]))
        return at, max(0, below), False

    def _bottom(self) -> tuple[list[Row], int, int]:
        rows, place = self._room().rows, self.place
        if place is None:
            return rows, len(rows) - 1, 0
        below = min(place.below, len(self._lines_of(place.row)) - 1)
        return rows, rows.index(place.row), below

    def _lines_of(self, row: Row) -> list[Line]:
        if self._drawn_for != (self._me(), self._width) or len(self._drawn) > KEPT:
            self._drawn.clear()
            self._drawn_for = (self._me(), self._width)
        key = (row, row.kept)
        if key not in self._drawn:
            self._drawn[key] = wrapped(draw(row, self._me()), self._width)
        return self._drawn[key]


class ViewControl(UIControl):
    """The control that shows a view in prompt_toolkit."""

    def __init__(self, view: View) -> None:
        self._view = view

    def create_content(self, width: int, height: int) -> UIContent:
        """Return the visible lines, aligned to the bottom of the window."""
        lines = self._view.lines(width, height)
        lines = [[] for _ in range(height - len(lines))] + lines
        return UIContent(lambda at: list(lines[at]), len(lines), show_cursor=False)
