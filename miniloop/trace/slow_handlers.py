"""A warning for handlers that hold the loop: while one runs, no other channel is served.

These are hooks like any others; ``EventLoop(debug=True)`` installs them, and without debug mode
nothing is measured.
"""

import logging
from collections.abc import Callable

from miniloop.loop import EventLoop
from miniloop.readiness import Registration
from miniloop.timers import Handle, TimerHandle
from miniloop.trace.hooks import Trace, callback_name, channel_behind
from miniloop.trace.installing import install

logger = logging.getLogger("miniloop")


def watch_slow_handlers(loop: EventLoop, slow: float) -> None:
    """Log a warning for each handler, timer and callback that takes ``slow`` seconds or more."""
    install(loop, SlowHandlers(loop.time, slow))


class SlowHandlers(Trace):
    """Measures handlers, timers and callbacks.

    Args:
        clock: returns seconds; the loop's.
        slow: seconds from which on a call is worth a warning.
    """

    def __init__(self, clock: Callable[[], float], slow: float) -> None:
        """Nothing runs yet."""
        if not slow >= 0:
            raise ValueError(f"slow is a number of seconds from 0 on, not {slow!r}")
        self._clock = clock
        self._slow = slow
        self._name = ""
        self._begun: list[float] = []  # a stop may flush in the middle of a callback

    def before_handler(self, registration: Registration, name: str) -> None:
        """Look at the clock."""
        self._begun.append(self._clock())

    def after_handler(self, registration: Registration, name: str) -> None:
        """Look at the clock again."""
        if (seconds := self._since()) >= self._slow:
            kind = type(channel_behind(registration.channel)).__qualname__
            self._warn(f"{kind}.{name}", seconds)

    def before_callback(self, handle: Handle) -> None:
        """Look at the clock; a callback that cancels itself forgets its name."""
        self._name = callback_name(handle)
        self._begun.append(self._clock())

    def after_callback(self, handle: Handle) -> None:
        """Look at the clock again."""
        if (seconds := self._since()) >= self._slow:
            kind = "timer" if isinstance(handle, TimerHandle) else "callback"
            self._warn(f"the {kind} {self._name}", seconds)

    def _since(self) -> float:
        """Return the time of the call that ends; a trace may begin in the middle of one."""
        return self._clock() - self._begun.pop() if self._begun else 0.0

    def _warn(self, what: str, seconds: float) -> None:
        logger.warning(
            "%s took %.3f s, while no other channel was served: split the work, or give it to a "
            "ThreadPool", what, seconds,
        )  # fmt: skip
