"""A limit on the time in which nothing is received.

Traffic costs no timer operations: one timer looks back when it fires.
"""

from collections.abc import Callable

from miniloop.loop import EventLoop


class IdleLimit:
    """Calls ``on_idle()`` whenever nothing was noted for ``seconds``, until ``close()``.

    Args:
        loop: whose clock and timers to use.
        seconds: the limit.
        on_idle: must not raise.

    Raises:
        ValueError: ``seconds`` is not positive.
    """

    def __init__(self, loop: EventLoop, seconds: float, on_idle: Callable[[], object]) -> None:
        """Begin now."""
        if not seconds > 0:
            raise ValueError(f"an idle time limit is a number of seconds above 0, not {seconds!r}")
        self._loop = loop
        self._seconds = seconds
        self._on_idle = on_idle
        self._last = loop.time()
        self._timer = loop.call_later(seconds, self._look_back)

    def note(self) -> None:
        """Something was received."""
        self._last = self._loop.time()

    def _look_back(self) -> None:
        """Report silence that was long enough; else look again when it could have been."""
        now, timer = self._loop.time(), self._timer
        try:
            if now - self._last >= self._seconds:
                self._last = now
                self._on_idle()
        finally:  # an interrupt ends no limit
            if not timer.cancelled():  # else close() was called
                self._timer = self._loop.call_at(self._last + self._seconds, self._look_back)

    def close(self) -> None:
        """Report nothing any more."""
        self._timer.cancel()
