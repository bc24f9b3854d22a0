"""A miniloop inside a Twisted reactor."""

from collections.abc import Callable
from typing import Any

from miniloop.hosts.guest import Guest
from miniloop.loop import EventLoop


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
        """The ``IReadDescriptor`` interface."""
        self.step()

    def logPrefix(self) -> str:
        """Name the guest in Twisted's log."""
        return "miniloop"

    def connectionLost(self, reason: object) -> None:
        """The reactor has ended."""
        self.close()
