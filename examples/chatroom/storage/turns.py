"""A queue in which the sources take turns, weighted by the time that their work takes.

Rule of this file: order; the caller provides the items and their cost.

In a FIFO queue the source with the most queries gets the most time.  Here the next item is from the
source that has used the least time since it came: however many queries one source has, a query from
another source waits only for the one that is running.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, Protocol, TypeVar

MOST_REMEMBERED = 1000  # sources that have used time and have no query now


class Sourced(Protocol):
    """An item of the queue."""

    @property
    def source(self) -> str:
        """Its source."""


Item = TypeVar("Item", bound=Sourced)


class Turns(Generic[Item]):
    """The queue; safe on any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queues: dict[str, deque[Item]] = {}
        self._used: dict[str, float] = {}  # seconds, from a common start
        self._served = 0.0  # what the last source had used: new sources start there

    def __bool__(self) -> bool:
        """Return whether an item is waiting."""
        return bool(self._queues)

    def waiting(self, source: str) -> int:
        """Return the number of waiting items of one source."""
        with self._lock:
            return len(self._queues.get(source, ()))

    def append(self, item: Item) -> None:
        """Queue `item` behind the others of its source."""
        with self._lock:
            if item.source not in self._queues:
                self._queues[item.source] = deque()
                self._used[item.source] = max(self._used.get(item.source, 0.0), self._served)
            self._queues[item.source].append(item)

    def popleft(self) -> Item:
        """Return the next item.

        Raises:
            IndexError: The queue is empty.
        """
        with self._lock:
            if not self._queues:
                raise IndexError("nothing waits")
            source = min(self._queues, key=self._used.__getitem__)
            self._served = max(self._served, self._used[source])
            queue = self._queues[source]
            item = queue.popleft()
            if not queue:
                del self._queues[source]
            return item

    def charge(self, source: str, seconds: float) -> None:
        """Record that the work of `source` took `seconds`."""
        with self._lock:
            self._used[source] = self._used.get(source, self._served) + seconds
            if len(self._used) > len(self._queues) + MOST_REMEMBERED:
                self._forget()

    def clear(self) -> None:
        """Remove all items."""
        with self._lock:
            self._queues.clear()

    def _forget(self) -> None:
        """Forget sources that would start where new ones do, or nearly so."""
        idle = sorted(self._used.keys() - self._queues.keys(), key=self._used.__getitem__)
        for source in idle[: len(idle) // 2]:
            del self._used[source]
