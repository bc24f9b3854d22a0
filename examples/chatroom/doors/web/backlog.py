"""The events that a browser may not have received.

Rule of this file: counting and keeping; no I/O.

TCP says what left, never what arrived: when a connection breaks, only the browser knows how far it
came.  Both sides count, so no number has to travel with an event, and a broadcast is the same for
all.
"""

from __future__ import annotations

from collections import deque

from .frames import Frame


class Backlog:
    """The last events, bounded; the oldest go first.

    Args:
        most_events: Events kept.
        most_bytes: Bytes kept, as if nothing was shared with others.

    Attributes:
        total: Events since the count began.
    """

    def __init__(self, most_events: int, most_bytes: int) -> None:
        self.total = 0
        self._most_events = most_events
        self._most_bytes = most_bytes
        self._kept: deque[Frame] = deque()
        self._bytes = 0

    def add(self, frame: Frame) -> None:
        """Count one more event, and keep it as long as there is room."""
        self.total += 1
        self._kept.append(frame)
        self._bytes += len(frame)
        while len(self._kept) > self._most_events or self._bytes > self._most_bytes:
            self._bytes -= len(self._kept.popleft())

    def after(self, seen: int) -> list[Frame] | None:
        """Return the events after the first `seen`, and forget those: they have arrived.

        None if they cannot all be had: some are forgotten, or `seen` is no count of ours.
        """
        known = self.total - len(self._kept)
        if not known <= seen <= self.total:
            return None
        for _ in range(seen - known):
            self._bytes -= len(self._kept.popleft())
        return list(self._kept)

    def forget(self) -> None:
        """Keep nothing of what was; the count goes on, so that no old `seen` ever fits again."""
        self._bytes = 0
        self._kept.clear()
