"""What a reactor is asked for; Twisted's own is in tests/integration."""

from collections.abc import Callable

import pytest

from miniloop import EventLoop, TwistedGuest
from miniloop.testing import FakeClock
from tests.doubles import Sees

pytestmark = pytest.mark.needs("guests")


class FakeReactor:
    """What a reactor does for its readers and delayed calls; Twisted's own is tried elsewhere."""

    def __init__(self) -> None:
        self.readers: list[TwistedGuest] = []
        self.calls: list[FakeCall] = []

    def addReader(self, reader: TwistedGuest) -> None:
        self.readers.append(reader)

    def removeReader(self, reader: TwistedGuest) -> None:
        self.readers.remove(reader)

    def callLater(self, seconds: float, call: Callable[[], None]) -> "FakeCall":
        self.calls.append(FakeCall(seconds, call))
        return self.calls[-1]


class FakeCall:
    def __init__(self, seconds: float, call: Callable[[], None]) -> None:
        self.seconds = seconds
        self.call: Callable[[], None] | None = call

    def active(self) -> bool:
        return self.call is not None

    def cancel(self) -> None:
        assert self.call is not None, "Twisted refuses to cancel what was called"
        self.call = None

    def fire(self) -> None:
        call, self.call = self.call, None
        assert call is not None
        call()


def test_twisted_guest(clock: FakeClock) -> None:
    sees, reactor = Sees(), FakeReactor()
    with EventLoop(clock=clock, debug=True) as loop:
        guest = TwistedGuest(loop, reactor, on_end=sees.note("ended"))
        assert reactor.readers == [guest]
        assert guest.fileno() == loop.stepper().fileno()
        assert guest.logPrefix() == "miniloop"
        loop.call_later(5, sees.note("timer"))
        guest.doRead()
        (first,) = reactor.calls
        assert first.seconds == 5
        guest.doRead()
        assert not first.active()
        clock.advance(5)
        reactor.calls[-1].fire()
        assert sees == ["timer"]
        loop.stop()
        guest.doRead()
        assert sees == ["timer", "ended"]
        assert reactor.readers == []


def test_twisted_reactor_that_ends() -> None:
    reactor = FakeReactor()
    with EventLoop(debug=True) as loop:
        guest = TwistedGuest(loop, reactor)
        guest.connectionLost("clean")
        assert guest.closed
        assert reactor.readers == []
