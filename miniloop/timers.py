"""Callbacks that are scheduled, and timers: a heap with lazy cancellation.

This file owns no clock: the time is always an argument, in seconds of the owner's clock.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Callable

_COMPACT_ABOVE = 64  # fewer cancelled timers are not worth cleaning up (asyncio waits for 100)


class Handle:
    """A scheduled callback; ``cancel()`` unschedules it.  The names are asyncio's."""

    __slots__ = ("_args", "_callback")

    def __init__(self, callback: Callable[..., object], args: tuple[object, ...]) -> None:
        if not callable(callback):
            raise TypeError(f"{callback!r} is not callable: give a function, then its arguments")
        self._callback: Callable[..., object] | None = callback  # None: cancelled
        self._args = args

    def cancel(self) -> None:
        """Never call it.  Harmless after it has run or was cancelled."""
        self._callback = None
        self._args = ()

    def cancelled(self) -> bool:
        """Return whether ``cancel()`` was called."""
        return self._callback is None

    def run(self) -> None:
        """Call the callback unless it was cancelled."""
        args = self._args  # first: another thread may cancel in between
        if (callback := self._callback) is not None:
            callback(*args)

    def __repr__(self) -> str:
        state = "cancelled" if self.cancelled() else repr(self._callback)
        return f"<{type(self).__name__} {state}>"


class TimerHandle(Handle):
    """A callback with a time, in seconds of the loop's clock."""

    __slots__ = ("_queue", "when")

    def __init__(
        self, when: float, callback: Callable[..., object], args: tuple[object, ...],
        queue: TimerQueue,
    ) -> None:  # fmt: skip
        super().__init__(callback, args)
        self.when = when
        self._queue: TimerQueue | None = queue  # None once the heap has let go of this timer

    def cancel(self) -> None:
        """Never call it.  It costs O(1): the heap forgets it later."""
        super().cancel()
        if self._queue is not None:
            self._queue.forget()
            self._queue = None


class TimerQueue:
    """Timers by time, and in order of their creation where times are equal.

    Cancelling is common (every time limit of a connect is cancelled), so it only marks the timer;
    a marked timer is dropped at the top, and all of them when they are more than half of the heap.

    Attributes:
        heap: timers to come, the cancelled ones among them: empty when there are none.
        due: timers whose time has come and that have not run yet.  The owner takes them out one by
            one, so an exception that passes leaves the others here.
    """

    def __init__(self) -> None:
        self.due: deque[TimerHandle] = deque()
        self.heap: list[tuple[float, int, TimerHandle]] = []
        self._made = 0
        self._cancelled = 0

    def __len__(self) -> int:
        return len(self.heap) - self._cancelled + len(self.due)

    def add(
        self, when: float, callback: Callable[..., object], args: tuple[object, ...] = ()
    ) -> TimerHandle:
        """Schedule ``callback(*args)`` for the time ``when``, in seconds.

        TypeError, ValueError: ``callback`` is not callable, or ``when`` is no number, or NaN.
        """
        try:
            if math.isnan(when):
                raise ValueError("a timer's time is NaN: compute it from loop.time()")
        except TypeError:
            raise TypeError(f"a timer's time is a number of seconds, not {when!r}") from None
        timer = TimerHandle(when, callback, args, self)
        self._made += 1
        heapq.heappush(self.heap, (when, self._made, timer))
        return timer

    def next_time(self) -> float | None:
        """Return the time of the earliest timer, or None; it may have passed."""
        if self.due:
            return self.due[0].when
        heap = self.heap
        while heap and heap[0][2].cancelled():
            heapq.heappop(heap)
            self._cancelled -= 1
        return heap[0][0] if heap else None

    def move_due(self, now: float) -> int:
        """Move the timers whose time has come to ``due``, earliest first; return how many wait."""
        heap = self.heap
        while heap and heap[0][0] <= now:
            timer = heapq.heappop(heap)[2]
            if timer.cancelled():
                self._cancelled -= 1
            else:
                timer._queue = None
                self.due.append(timer)
        return len(self.due)

    def clear(self) -> None:
        """Let go of all timers; cancelling them stays harmless."""
        while self.heap:
            self.heap.pop()[2]._queue = None
        self.due.clear()
        self._cancelled = 0

    def forget(self) -> None:
        """Count one more cancelled timer; clean up when they are the majority."""
        self._cancelled += 1
        if self._cancelled > _COMPACT_ABOVE and self._cancelled * 2 > len(self.heap):
            self.heap = [entry for entry in self.heap if not entry[2].cancelled()]
            heapq.heapify(self.heap)
            self._cancelled = 0
