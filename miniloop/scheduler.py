"""Callbacks and timers: what is to be called, when, and who may ask for it.

The loop's clock and its thread live here, and nothing of descriptors.
"""

import logging
from collections import deque
from collections.abc import Callable
from threading import get_ident

from miniloop.timers import Handle, TimerHandle, TimerQueue
from miniloop.waker import Waker

logger = logging.getLogger("miniloop")

_LONGEST_WAIT = 86400.0
"""Seconds that one pass waits for a timer: epoll refuses more than 24 days (asyncio's figure)."""


class Scheduler:
    """The part of an event loop that is not about descriptors.

    Args:
        clock: returns seconds, never running backwards.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        """Nothing is to be called yet."""
        self.time = clock
        self._timers = TimerQueue()
        self._callbacks: deque[Handle] = deque()
        self._thread: int | None = None
        self._closed = False
        self._waker = Waker()

    @property
    def closed(self) -> bool:
        """Whether ``close()`` was called."""
        return self._closed

    def call_soon(self, callback: Callable[..., object], *args: object) -> Handle:
        """Call ``callback(*args)`` at the end of this pass, or of the next one.

        Raises:
            RuntimeError: the loop is closed, or runs on another thread.
            TypeError: ``callback`` is not callable.
        """
        self._check_usable()
        handle = Handle(callback, args)
        self._callbacks.append(handle)
        return handle

    def call_soon_threadsafe(self, callback: Callable[..., object], *args: object) -> Handle:
        """As ``call_soon()``, from any thread; it wakes the loop."""
        self._check_open()
        handle = Handle(callback, args)
        self._callbacks.append(handle)
        self._waker.wake()
        return handle

    def call_later(
        self, delay: float, callback: Callable[..., object], *args: object
    ) -> TimerHandle:
        """Call ``callback(*args)`` in ``delay`` seconds; raises as ``call_at()``."""
        return self.call_at(self.time() + delay, callback, *args)

    def call_at(self, when: float, callback: Callable[..., object], *args: object) -> TimerHandle:
        """Call ``callback(*args)`` when ``time()`` reaches ``when``, in seconds.

        Raises:
            RuntimeError: the loop is closed, or runs on another thread.
            TypeError: ``callback`` is not callable, or ``when`` is no number at all.
            ValueError: ``when`` is not a number (NaN).
        """
        self._check_usable()
        return self._timers.add(when, callback, args)

    # -- the two last stages of a pass -----------------------------------------------------------

    def _run_timers(self) -> None:
        """Run the timers that are due now; those that they add wait for the next pass."""
        for timer in self._timers.pop_due(self.time()):
            self._run_handle(timer)

    def _run_callbacks(self) -> None:
        """Run the callbacks that stood here when this stage began (trio's batches)."""
        for _ in range(len(self._callbacks)):
            self._run_handle(self._callbacks.popleft())

    def _run_handle(self, handle: Handle) -> None:
        """Run one callback; its exception is logged and harms nobody."""
        try:
            handle.run()
        except Exception:
            logger.exception("exception in %r", handle)

    def _until_next_timer(self, timeout: float | None) -> float | None:
        """Return ``timeout``, or the seconds to the next timer if those are fewer."""
        when = self._timers.next_time()
        if when is None:
            return timeout
        until = min(max(0.0, when - self.time()), _LONGEST_WAIT)
        return until if timeout is None else min(timeout, until)

    # -- who may call ----------------------------------------------------------------------------

    def _check_open(self) -> None:
        """Refuse a closed loop."""
        if self._closed:
            raise RuntimeError("the loop is closed: make a new EventLoop()")

    def _check_thread(self) -> None:
        """Refuse every thread but the loop's own, while it runs."""
        if self._thread is not None and self._thread != get_ident():
            raise RuntimeError(
                "the loop runs on another thread: hand the call over with "
                "loop.call_soon_threadsafe()"
            )

    def _check_usable(self) -> None:
        """Refuse a closed loop and another thread."""
        self._check_open()
        self._check_thread()
