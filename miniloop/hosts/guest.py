"""A whole miniloop inside another event loop, which sees one descriptor and one timer of it.

The descriptor is readable whenever a step is due (``stepper.py``).  The timer stands for all of our
timers, and is set again after each step.  So nothing is polled, and nothing is lost.
"""

from collections.abc import Callable
from typing import Any

from miniloop.loop import EventLoop

_TICK = 0.001
"""Seconds: hosts count in milliseconds, and uvloop rounds down.  A shorter rest would be stepped
away in a hot loop, a dozen times for each timer."""


class Guest:
    """Has a host make the steps of ``loop``; a subclass knows the host.

    Four methods are all that it has to know: ``watch()``, ``unwatch()``, ``call_later()`` and
    ``cancel()``.  What they need has to be there before this constructor runs.

    Args:
        loop: it lives on the host's thread from now on; do not ``run()`` it.
        on_end: called once, when the orderly end that ``loop.stop()`` began is complete.

    Attributes:
        closed: the loop has left its host.

    Raises:
        RuntimeError: the loop is closed, is a guest already, or has a selector without descriptor.
    """

    def __init__(self, loop: EventLoop, on_end: Callable[[], object] | None = None) -> None:
        """Move in; the first step comes as soon as the host looks."""
        if any(isinstance(work, Guest) for work in loop.background):
            raise RuntimeError("the loop is a guest already: close() that guest first")
        self.loop = loop
        self.closed = False
        self._stepper = loop.stepper()
        self._on_end = on_end
        self._stepping = False
        self._watching = True
        self._timer: Any = None
        self._fd = self._stepper.fileno()
        self.watch(self._fd)
        loop.background[self] = None

    # -- the host --------------------------------------------------------------------------------

    def watch(self, fd: int) -> None:
        """Have the host call ``step()`` whenever ``fd`` is readable."""
        raise NotImplementedError(f"{type(self).__name__} must override watch()")

    def unwatch(self, fd: int) -> None:
        """Have the host forget ``fd``."""
        raise NotImplementedError(f"{type(self).__name__} must override unwatch()")

    def call_later(self, seconds: float) -> object:
        """Have the host call ``step()`` once after ``seconds``; return what ``cancel()`` needs."""
        raise NotImplementedError(f"{type(self).__name__} must override call_later()")

    def cancel(self, timer: Any) -> None:
        """Take back a ``call_later()``, which may have had its call already."""
        raise NotImplementedError(f"{type(self).__name__} must override cancel()")

    # -- the guest -------------------------------------------------------------------------------

    def fileno(self) -> int:
        """Return the one descriptor."""
        return self._fd

    def step(self) -> None:
        """Make one step; the host calls this."""
        if self.closed:
            return
        if self._stepping:  # a handler runs its host, a dialog of Tk say: we go on after it
            self._look_away()
            return
        self._stepping = True
        self._cancel_timer()
        goes_on = True
        try:
            goes_on = self._stepper.step()
        finally:
            self._stepping = False
            if not self.closed:
                self._prepare_next()
        if not goes_on:
            self.close()
            if self._on_end is not None:
                self._on_end()

    def _prepare_next(self) -> None:
        """Leave with the host what the next step depends on."""
        if not self._watching:
            self._watching = True
            self.watch(self._fd)
        seconds = self._stepper.time_to_next()
        if seconds is not None:
            self._timer = self.call_later(max(seconds, _TICK) if seconds else 0.0)

    def _cancel_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            self.cancel(timer)

    def _look_away(self) -> None:
        if self._watching:
            self._watching = False
            self.unwatch(self._fd)

    # -- background work of the loop -------------------------------------------------------------

    def busy(self) -> bool:
        """Return False: a host that waits keeps nothing going."""
        return False

    def handle_stop(self) -> None:
        """Go on: an orderly stop needs the host's steps."""

    def after_fork(self) -> None:
        """In a forked child: leave the host alone, whose kernel objects are the parent's too."""
        self.closed = True
        self.loop.background.pop(self, None)

    def close(self) -> None:
        """Leave the host at once; again is harmless.  ``loop.close()`` calls this too."""
        if self.closed:
            return
        self.closed = True
        self.loop.background.pop(self, None)
        self._cancel_timer()
        self._look_away()
