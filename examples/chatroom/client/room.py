"""One room in the client's state: its messages, in order, without duplicates.

Rule of this file: pure; no socket, no screen.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

MOST_ROWS = 5000  # rows kept; the oldest are dropped, and can be loaded from the server again
SLACK = 500
MOST_PEOPLE = 20_000  # more than the limit of our server
GAP_PAGES = 40  # pages loaded to close a gap; beyond it, the older part is dropped


@dataclass(eq=False, slots=True)
class Row:
    """One event in a room; its texts are clean.

    Attributes:
        kind: The web door's name for it, or "text" for a formatted line.
        text: The words.
        sender: The name of the member that caused it; empty for the server.
        recipient: The name of the member that a private message is for.
        at: Its time in seconds since the epoch; None for the server's own messages.
        id: Its id in the history; 0 for an event that is not stored.
        kept: False if it is in no history.
        mention: Whether it mentions the user.
        label: The prefix that is shown before it.
    """

    kind: str
    text: str
    sender: str = ""
    recipient: str = ""
    at: float | None = None
    id: int = 0
    kept: bool = True
    mention: bool = False
    label: str = ""


@dataclass(eq=False)
class Room:
    """A room.

    Attributes:
        name: Its shown name; empty for rows that belong to no room.
        topic: Its topic.
        closed: Whether the room needs a key.
        people: The members in it, and whether they are operators.
        rows: The rows kept, the oldest first.
        unread: Rows added while another room was shown.
        mentioned: Whether one of these mentions the user.
        more: Whether the history continues before the first row.
        loading: Whether a request for an older page is pending.
        back_id: The id before which the next older page is requested; 0 if there is none.
    """

    name: str
    topic: str = ""
    closed: bool = False
    people: dict[str, bool] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    unread: int = 0
    mentioned: bool = False
    more: bool = False
    loading: bool = False
    back_id: int = 0
    _known: dict[int, Row] = field(default_factory=dict)
    _gap: int = 0  # id up to which a gap must be closed
    _gap_pages: int = 0

    @property
    def newest_id(self) -> int:
        """Return the highest id kept; 0 if there is none."""
        return max(self._known, default=0)

    def greet(self, name: str, *, operator: bool) -> None:
        """Note that the member `name` is in the room."""
        if len(self.people) < MOST_PEOPLE:
            self.people[name] = operator

    def add(self, row: Row) -> bool:
        """Insert `row` in order; return False if it is a duplicate."""
        if row.id and row.id in self._known:
            self._known[row.id].kept = row.kept
            return False
        self.rows.insert(self._place_of(row), row)
        if row.id:
            self._known[row.id] = row
            self.back_id = min(self._known) if self.back_id else row.id
        if len(self.rows) > MOST_ROWS + SLACK:
            self._drop(SLACK)
        return True

    def forget(self, number: int) -> None:
        """Remove the row with this id, if it is kept."""
        row = self._known.pop(number, None)
        if row is not None:
            self.rows.remove(row)

    def catch_up(self, recent: Sequence[Row], *, more: bool) -> int:
        """Add the newest rows after a lost connection.

        Returns:
            The id before which to request a page, to close the gap; 0 if there is none.
        """
        self._adopt(recent, more=more)
        known = self.newest_id
        first = recent[0].id if recent else 0
        for row in recent:
            self.add(row)
        if not known:
            self.more = self.more or more
            return 0
        if not more or not first or first <= known:
            return 0
        self._gap, self._gap_pages = known, 0
        return first

    def add_page(self, before: int, rows: Sequence[Row], *, more: bool, next_id: int = 0) -> int:
        """Add a page of the history; return the id before which to request the next one, or 0."""
        first = rows[0].id if rows else next_id
        closes_gap = self._gap and (not before or before > self._gap)
        for row in rows:
            self.add(row)
        if closes_gap:
            return self._close_gap(first, more=more)
        self.loading = False
        self.back_id = first or self.back_id
        self.more = more and first > 0
        return 0

    def _close_gap(self, first: int, *, more: bool) -> int:
        open_ = more and first > self._gap
        self._gap_pages += 1
        if open_ and self._gap_pages < GAP_PAGES:
            return first
        if open_:
            self._drop(self.rows.index(self._known[first]) if first in self._known else 0)
        self._gap = 0
        return 0

    def _adopt(self, recent: Sequence[Row], *, more: bool) -> None:
        """Detect a server that lost its history: the ids that are kept are then invalid."""
        if not self._known:
            return
        forgotten = recent[-1].id < self.newest_id if recent else not more
        others = any(
            each.id in self._known and self._known[each.id].at != each.at for each in recent
        )
        if forgotten or others:
            for row in self.rows:
                row.id = 0
            self._known.clear()
            self.more, self.back_id = False, 0

    def _place_of(self, row: Row) -> int:
        if not row.id or row.id > self.newest_id:
            return len(self.rows)
        # Rows without an id stay where they were added; rows with one are in order.
        after = [at for at, each in enumerate(self.rows) if each.id]
        return after[bisect_left(after, row.id, key=lambda at: self.rows[at].id)]

    def _drop(self, count: int) -> None:
        for row in self.rows[:count]:
            self._known.pop(row.id, None)
        del self.rows[:count]
        self.back_id = min(self._known, default=0)
        self.more = bool(self.back_id)
