"""Callbacks that wait for their turn or for their time.

A heap of timers with lazy cancellation.  This file owns no clock: the time is always an argument,
in seconds of whatever clock the owner uses.
"""

import heapq
import math
from collections.abc import Callable

_COMPACT_ABOVE = 64
"""Below so many cancelled timers a heap is not worth cleaning (asyncio waits for 100)."""


class Handle:
    """A callback that was scheduled; ``cancel()`` takes it back.

    The names are asyncio's, so that code can move between the two.
    """

    __slots__ = ("_args", "_callback", "_cancelled")

    def __init__(self, callback: Callable[..., object], args: tuple[object, ...]) -> None:
        """Remember what to call."""
        if not callable(callback):
            raise TypeError(
                f"a callback must be callable, not {callback!r}: pass the function itself, "
                "its arguments behind it"
            )
        self._callback = callback
        self._args = args
        self._cancelled = False

    def cancel(self) -> None:
        """Never call it.  Harmless when it ran already or was cancelled."""
        self._cancelled = True
        self._callback = _nothing
        self._args = ()

    def cancelled(self) -> bool:
        """Return whether ``cancel()`` was called."""
        return self._cancelled

    def run(self) -> None:
        """Call the callback unless it was cancelled."""
        if not self._cancelled:
            self._callback(*self._args)

    def __repr__(self) -> str:
        """Show the callback."""
        state = "cancelled" if self._cancelled else repr(self._callback)
        return f"<{type(self).__name__} {state}>"


class TimerHandle(Handle):
    """A callback with a time, in seconds of the loop's clock."""

    __slots__ = ("_queue", "when")

    def __init__(
        self,
        when: float,
        callback: Callable[..., object],
        args: tuple[object, ...],
        queue: "TimerQueue",
    ) -> None:
        """Remember when to call what."""
        super().__init__(callback, args)
        self.when = when
        self._queue: TimerQueue | None = queue

    def cancel(self) -> None:
        """Never call it.  It costs O(1): the heap forgets it later."""
        super().cancel()
        if self._queue is not None:
            self._queue.forget()
            self._queue = None

    def leave(self) -> None:
        """The heap has let go of this timer, so a late ``cancel()`` does not count there."""
        self._queue = None


class TimerQueue:
    """Timers by time, and in order of their making where times are equal.

    Operations wanted: add, cancel, "when is the next", "which are due".  Cancelling is common
    (every connect time limit is cancelled), so it only marks the timer; a marked one is dropped
    when it reaches the top, and all of them when they are more than half of the heap.
    """

    def __init__(self) -> None:
        """Start with no timers."""
        self._heap: list[tuple[float, int, TimerHandle]] = []
        self._made = 0
        self._cancelled = 0

    def __len__(self) -> int:
        """Return the number of timers that are still to run."""
        return len(self._heap) - self._cancelled

    def add(
        self, when: float, callback: Callable[..., object], args: tuple[object, ...] = ()
    ) -> TimerHandle:
        """Schedule ``callback(*args)`` for the time ``when``, in seconds.

        Raises:
            TypeError: ``callback`` is not callable, or ``when`` is no number at all.
            ValueError: ``when`` is not a number that can be ordered (NaN).
        """
        if math.isnan(when):
            raise ValueError("a timer's time is not a number (NaN): compute it from loop.time()")
        timer = TimerHandle(when, callback, args, self)
        self._made += 1
        heapq.heappush(self._heap, (when, self._made, timer))
        return timer

    def next_time(self) -> float | None:
        """Return the time of the earliest timer, or None."""
        heap = self._heap
        while heap and heap[0][2].cancelled():
            heapq.heappop(heap)
            self._cancelled -= 1
        return heap[0][0] if heap else None

    def pop_due(self, now: float) -> list[TimerHandle]:
        """Remove and return the timers whose time has come, earliest first."""
        due: list[TimerHandle] = []
        while (when := self.next_time()) is not None and when <= now:
            timer = heapq.heappop(self._heap)[2]
            timer.leave()
            due.append(timer)
        return due

    def forget(self) -> None:
        """One more timer in the heap was cancelled; clean up when they are the majority."""
        self._cancelled += 1
        if self._cancelled > _COMPACT_ABOVE and self._cancelled * 2 > len(self._heap):
            self._heap = [entry for entry in self._heap if not entry[2].cancelled()]
            heapq.heapify(self._heap)
            self._cancelled = 0


def _nothing(*args: object) -> None:
    """Stand where a cancelled callback was, so that what it held can be freed."""
