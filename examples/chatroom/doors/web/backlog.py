"""The events that a browser may not have received.

Rule of this file: count and keep events; no I/O.

TCP reports what was sent, not what was received: when a connection breaks, only the browser knows
how many events arrived.  Both sides count, so no number has to be sent with an event, and a
broadcast has the same bytes for all.
"""

from __future__ import annotations

from collections import deque

from .frames import Frame


class Backlog:
    """The last events, within limits; the oldest are dropped first.

    Args:
        most_events: Most events kept.
        most_bytes: Most bytes kept, counted as if none were shared with other backlogs.

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
        """Count one more event and keep it within the limits."""
        self.total += 1
        self._kept.append(frame)
        self._bytes += len(frame)
        while len(self._kept) > self._most_events or self._bytes > self._most_bytes:
            self._bytes -= len(self._kept.popleft())

    def after(self, seen: int) -> list[Frame] | None:
        """Return the events after the first `seen`, and forget the first `seen`: they have arrived.

        None if some of them are forgotten, or if `seen` is not a valid count.
        """
        known = self.total - len(self._kept)
        if not known <= seen <= self.total:
            return None
        for _ in range(seen - known):
            self._bytes -= len(self._kept.popleft())
        return list(self._kept)

    def forget(self) -> None:
        """Drop all kept events; the count goes on, so that no earlier `seen` is valid again."""
        self._bytes = 0
        self._kept.clear()
