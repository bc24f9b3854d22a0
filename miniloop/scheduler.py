"""Callbacks and timers: what is to be called, when, and who may ask for it.

The loop's clock and its thread live here, and nothing of descriptors.
"""

import logging
from collections import deque
from collections.abc import Callable
from threading import get_ident

from miniloop.system.signals import SignalHandlers
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
        self._thread: int | None = None  # where it runs at this moment
        self._home: int | None = None  # where its host lives, when it is another loop's guest
        self._closed = False
        self._waker = self._new_waker()
        self._signals = SignalHandlers(self._waker.signal_fileno(), self._hand_over)

    def _new_waker(self) -> Waker:
        """Make the waker; a simulated loop has one without descriptors."""
        return Waker()

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

    def add_signal_handler(
        self, number: int, callback: Callable[..., object], *args: object
    ) -> None:
        """Call ``callback(*args)`` on the loop's thread, as a callback, when a signal arrives.

        It replaces the signal's handler until ``remove_signal_handler()`` or ``close()`` puts that
        back.  Inside another loop that handles signals itself use the other loop's method.

        Raises:
            RuntimeError: not called on the main thread, the signal cannot be caught, or the loop
                is closed.
            TypeError: ``callback`` is not callable.
            ValueError: there is no such signal.
        """
        self._check_open()
        self._signals.add(number, Handle(callback, args))

    def remove_signal_handler(self, number: int) -> bool:
        """Put back the handler that a signal had before; return whether there was one of ours.

        Raises:
            RuntimeError: not called on the main thread.
        """
        return self._signals.remove(number)

    def _hand_over(self, handle: Handle) -> None:
        """Run ``handle`` in the next callbacks stage; called at any moment, as signals are."""
        self._callbacks.append(handle)
        self._waker.wake()

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
        """Refuse every thread but the loop's own, while it runs or lives in another loop."""
        if self._thread != get_ident():
            self._come_from_outside()

    def _come_from_outside(self) -> None:
        """Something is asked of the loop between its passes, or by a stranger.

        A loop inside another one has no wait that looks at what is queued: the host has to be told.
        """
        thread = self._home if self._thread is None else self._thread
        if thread is None:
            return
        if thread != get_ident():
            raise RuntimeError(
                "the loop runs on another thread: hand the call over with "
                "loop.call_soon_threadsafe()"
            )
        self._waker.wake()

    def _check_usable(self) -> None:
        """Refuse a closed loop and another thread."""
        self._check_open()
        self._check_thread()
