"""A queue in which each source has its turn, and pays with the time that its work took.

Rule of this file: order; what waits, and what it costs, is told by the caller.

In the order of coming, whoever asks most is served most.  Here the next one is of the source that
has used the least time so far, counted from when it came: however much one source asks, a question
of another waits for the one that is being answered and for no more.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, Protocol, TypeVar

MOST_REMEMBERED = 1000  # sources that have used time and ask nothing now


class Sourced(Protocol):
    """What can wait here."""

    @property
    def source(self) -> str:
        """Where it comes from."""


Item = TypeVar("Item", bound=Sourced)


class Turns(Generic[Item]):
    """The queue; for any threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queues: dict[str, deque[Item]] = {}
        self._used: dict[str, float] = {}  # seconds, from a common beginning
        self._served = 0.0  # what the last one served had used: newcomers begin there

    def __bool__(self) -> bool:
        """Say whether anything waits."""
        return bool(self._queues)

    def waiting(self, source: str) -> int:
        """Return how many of one source wait."""
        with self._lock:
            return len(self._queues.get(source, ()))

    def append(self, item: Item) -> None:
        """Let `item` wait behind others of its source."""
        with self._lock:
            if item.source not in self._queues:
                self._queues[item.source] = deque()
                self._used[item.source] = max(self._used.get(item.source, 0.0), self._served)
            self._queues[item.source].append(item)

    def popleft(self) -> Item:
        """Return the next one.

        Raises:
            IndexError: Nothing waits.
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
        """Note that the work of `source` took `seconds`."""
        with self._lock:
            self._used[source] = self._used.get(source, self._served) + seconds
            if len(self._used) > len(self._queues) + MOST_REMEMBERED:
                self._forget()

    def clear(self) -> None:
        """Let nothing wait any more."""
        with self._lock:
            self._queues.clear()

    def _forget(self) -> None:
        """Forget those who would begin where newcomers do, or nearly so."""
        idle = sorted(self._used.keys() - self._queues.keys(), key=self._used.__getitem__)
        for source in idle[: len(idle) // 2]:
            del self._used[source]
