"""A whole miniloop inside another event loop, which sees one descriptor and one timer of it.

The descriptor is readable whenever a step is due, because a channel is ready or because the host's
own code asked something of the loop since the last step.  The timer stands for all of our timers,
and is set again after each step.  So nobody polls, and nothing is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

from miniloop.loop import DEFAULT_GRACE, EventLoop

if TYPE_CHECKING:
    import asyncio

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
        if loop.leave_host is not None:
            raise RuntimeError("the loop is a guest already: close() that guest first")
        self.loop = loop
        self.closed = False
        self._on_end = on_end
        self._stepping = False
        self._watching = True
        self._timer: Any = None
        self._fd = loop.fileno()
        self.watch(self._fd)
        loop.leave_host = self.close

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
            goes_on = self.loop.step()
        finally:
            self._stepping = False
            if not self.closed:
                self._prepare_next()
        if not goes_on:
            self.close()
            if self._on_end is not None:
                self._on_end()

    def close(self) -> None:
        """Leave the host at once; again is harmless.  ``loop.close()`` calls this too."""
        if self.closed:
            return
        self.closed = True
        self.loop.leave_host = None
        self._cancel_timer()
        self._look_away()

    def _prepare_next(self) -> None:
        """Leave with the host what the next step depends on."""
        if not self._watching:
            self._watching = True
            self.watch(self._fd)
        seconds = self.loop.time_to_next()
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


class AsyncioGuest(Guest):
    """Lives in an asyncio loop, uvloop included; ``async with`` stops it in order at the end.

    Args:
        loop: ours.
        host: asyncio's; ``asyncio.get_running_loop()``.
        on_end: as in ``Guest``.
    """

    def __init__(
        self,
        loop: EventLoop,
        host: asyncio.AbstractEventLoop,
        on_end: Callable[[], object] | None = None,
    ) -> None:
        """Move in."""
        self._host = host
        self._waiters: list[asyncio.Future[None]] = []
        super().__init__(loop, on_end)

    def watch(self, fd: int) -> None:
        """As in the base class."""
        self._host.add_reader(fd, self.step)

    def unwatch(self, fd: int) -> None:
        """As in the base class."""
        self._host.remove_reader(fd)

    def call_later(self, seconds: float) -> object:
        """As in the base class."""
        return self._host.call_later(seconds, self.step)

    def cancel(self, timer: asyncio.TimerHandle) -> None:
        """As in the base class."""
        timer.cancel()

    async def ended(self) -> None:
        """Return when the guest has left: after ``loop.stop()`` or ``close()``."""
        if not self.closed:
            waiter = self._host.create_future()
            self._waiters.append(waiter)
            await waiter

    async def stop(self, grace: float = DEFAULT_GRACE) -> None:
        """Stop the loop in order, as ``EventLoop.stop()`` does, and return when it has ended."""
        if not self.closed:
            self.loop.stop(grace)
            await self.ended()

    def close(self) -> None:
        """As in the base class."""
        super().close()
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def __aenter__(self) -> Self:
        """Return the guest; leaving the block stops the loop in order."""
        return self

    async def __aexit__(self, *exception: object) -> None:
        """Stop the loop in order, or at once when the task is cancelled meanwhile."""
        try:
            await self.stop()
        finally:
            self.close()


class TwistedGuest(Guest):
    """Lives in a Twisted reactor, as one of its readers.

    Args:
        loop: ours.
        reactor: any reactor with ``addReader()``; ``from twisted.internet import reactor``.
        on_end: as in ``Guest``; ``reactor.stop`` ends both.
    """

    def __init__(
        self, loop: EventLoop, reactor: Any, on_end: Callable[[], object] | None = None
    ) -> None:
        """Move in."""
        self._reactor = reactor
        super().__init__(loop, on_end)

    def watch(self, fd: int) -> None:
        """As in the base class."""
        self._reactor.addReader(self)

    def unwatch(self, fd: int) -> None:
        """As in the base class."""
        self._reactor.removeReader(self)

    def call_later(self, seconds: float) -> object:
        """As in the base class."""
        return self._reactor.callLater(seconds, self.step)

    def cancel(self, timer: Any) -> None:
        """As in the base class."""
        if timer.active():
            timer.cancel()

    def doRead(self) -> None:
        """Be the reactor's reader."""
        self.step()

    def logPrefix(self) -> str:
        """Name the guest in Twisted's log."""
        return "miniloop"

    def connectionLost(self, reason: object) -> None:
        """The reactor has ended."""
        self.close()
