"""A listener outlives whatever accept() says; the socket is a script, the clock stands still."""

import errno
import logging
import os
import socket
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from miniloop import EventLoop
from miniloop.net.accepting import BATCH, Accepting
from miniloop.state import BACKOFF, PAUSED
from miniloop.testing import FakeClock
from miniloop.trace import inspection
from tests.doubles import fail, scripted

EXHAUSTED = [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM]


class Script:
    """Answers accept() from a list of error numbers; 0 is a connection, and so is what follows."""

    def __init__(self, *codes: int) -> None:
        self.codes = list(codes)

    def accept(self) -> tuple["FakeSocket", str]:
        code = self.codes.pop(0)
        if code:
            raise OSError(code, os.strerror(code))
        return FakeSocket(), "address"


class FakeSocket:
    closed = False

    def fileno(self) -> int:
        return -1

    def close(self) -> None:
        self.closed = True


class FakeListener:
    """What accepting needs of a dispatcher; ``on`` runs for each connection."""

    def __init__(self, loop: EventLoop, *codes: int) -> None:
        self.loop = loop
        self.accepting = True
        self._hold_ = 0
        self.holds: list[bool] = []
        self.accepted: list[FakeSocket] = []
        self.on: Callable[[], object] = int
        self.errand = Accepting(self, cast(socket.socket, Script(*codes)))

    def accept(self) -> tuple[socket.socket, Any] | None:
        return self.errand.accept()

    def handle_accept(self) -> None:
        self.errand.accept_batch()

    def handle_accepted(self, sock: socket.socket, addr: Any) -> None:
        assert addr == "address"
        assert self.loop.accepted == (sock, addr)
        self.accepted.append(cast(FakeSocket, sock))
        self.on()

    def _hold_reading_(self, reason: int) -> None:
        assert reason == BACKOFF
        self._hold_ |= reason
        self.holds.append(True)

    def _release_reading_(self, reason: int) -> None:
        assert reason == BACKOFF
        self._hold_ &= ~reason
        self.holds.append(False)


class Setup:
    def __init__(self, loop: EventLoop, clock: FakeClock) -> None:
        self.loop = loop
        self.clock = clock

    def listener(self, *codes: int) -> FakeListener:
        return FakeListener(self.loop, *codes)

    def timers(self) -> int:
        return len(inspection.timers(self.loop, 9))


@pytest.fixture
def setup() -> Iterator[Setup]:
    with scripted() as (loop, _, clock):
        loop.run_once(0)
        yield Setup(loop, clock)


# -- one connection ------------------------------------------------------------------------------


def test_a_connection_is_returned_with_its_address(setup: Setup) -> None:
    pair = setup.listener(0).accept()
    assert pair is not None
    assert pair[1] == "address"


@pytest.mark.parametrize("code", [errno.EAGAIN, errno.EINTR, errno.ECONNABORTED, errno.EPROTO])
def test_a_connection_that_is_not_there_or_gone_already_is_no_failure(
    setup: Setup, code: int
) -> None:
    listener = setup.listener(code, 0)
    assert listener.accept() is None
    assert listener.holds == []
    assert listener.accept() is not None


@pytest.mark.parametrize("code", [errno.EBADF, errno.EINVAL, errno.ENOTSOCK, errno.EOPNOTSUPP])
def test_an_unusable_socket_is_raised(setup: Setup, code: int) -> None:
    with pytest.raises(OSError, match=os.strerror(code)):
        setup.listener(code).accept()


@pytest.mark.parametrize("code", EXHAUSTED)
def test_exhaustion_backs_off_and_accepts_again(setup: Setup, code: int) -> None:
    listener = setup.listener(code, 0)
    assert listener.accept() is None
    assert listener.holds == [True]
    setup.loop.run_once()
    assert setup.clock() == pytest.approx(1000.05)
    assert listener.holds == [True, False]
    assert listener.accept() is not None


def test_pauses_get_longer_and_are_logged_once(
    setup: Setup, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    listener = setup.listener(*[errno.EMFILE] * 7, 0, errno.EMFILE, errno.EMFILE)
    pauses: list[float] = []
    while len(pauses) < 7:
        before = setup.clock()
        listener.accept()
        setup.loop.run_once()
        pauses.append(setup.clock() - before)
    assert pauses == pytest.approx([0.05, 0.1, 0.2, 0.4, 0.8, 1, 1])
    assert [record.levelname for record in caplog.records] == ["ERROR"] + ["DEBUG"] * 6
    listener.accept()  # a success: the next pause is a first one again
    before = setup.clock()
    listener.accept()
    assert caplog.records[-1].levelname == "DEBUG"  # at the edge, it is not said every time
    setup.loop.run_once()
    assert setup.clock() - before == pytest.approx(0.05)
    setup.clock.advance(61)
    listener.accept()
    assert caplog.records[-1].levelname == "ERROR"


@pytest.mark.parametrize(("seconds", "level"), [(59.9, "DEBUG"), (60.0, "ERROR")])
def test_the_same_trouble_is_logged_again_after_a_minute(
    setup: Setup, seconds: float, level: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    listener = setup.listener(errno.EMFILE, errno.EMFILE)
    listener.accept()
    setup.loop.run_once()
    setup.clock.advance(1000 + seconds - setup.clock())
    listener.accept()
    assert [record.levelname for record in caplog.records] == ["ERROR", level]


def test_a_long_shortage_is_logged_once_a_minute(
    setup: Setup, caplog: pytest.LogCaptureFixture
) -> None:
    listener = setup.listener(*[errno.EMFILE] * 150)
    for _ in range(150):
        listener.accept()
        setup.loop.run_once()  # the clock moves to the end of the pause, a second at most
    assert 120 < setup.clock() - 1000 < 180
    assert [record.levelname for record in caplog.records] == ["ERROR"] * 3


def test_backing_off_twice_is_backing_off_once(setup: Setup) -> None:
    listener = setup.listener()
    listener.errand.back_off("tired")
    listener.errand.back_off("tired")
    assert listener.holds == [True]
    assert setup.timers() == 1


def test_close_forgets_the_timer(setup: Setup) -> None:
    listener = setup.listener()
    listener.errand.close()
    listener.errand.back_off("tired")
    listener.errand.close()
    assert setup.timers() == 0


# -- what one event accepts ----------------------------------------------------------------------


def test_an_event_accepts_everything_that_waits(setup: Setup) -> None:
    listener = setup.listener(0, 0, 0, errno.EAGAIN)
    listener.errand.handle_read()
    assert len(listener.accepted) == 3
    assert setup.loop.accepted is None


def test_an_event_accepts_a_bounded_number(setup: Setup) -> None:
    listener = setup.listener(*[0] * (BATCH + 1))
    listener.errand.handle_read()
    assert len(listener.accepted) == BATCH


@pytest.mark.parametrize("how", ["pause", "close"])
def test_a_handler_may_stop_the_batch(setup: Setup, how: str) -> None:
    def stop() -> None:
        if how == "pause":
            listener._hold_ |= PAUSED
        else:
            listener.accepting = False

    listener = setup.listener(0, 0)
    listener.on = stop
    listener.errand.handle_read()
    assert len(listener.accepted) == 1


def test_a_handler_that_fails_costs_its_connection_only(
    setup: Setup, caplog: pytest.LogCaptureFixture
) -> None:
    def fail_first() -> None:
        if len(listener.accepted) == 1:
            fail()

    listener = setup.listener(0, 0, errno.EAGAIN)
    listener.on = fail_first
    listener.errand.handle_read()
    assert [sock.closed for sock in listener.accepted] == [True, False]
    assert listener.holds == []
    assert "exception in handle_accepted()" in caplog.text
    assert "on purpose" in caplog.text


def test_a_failing_handle_accept_backs_off(setup: Setup, caplog: pytest.LogCaptureFixture) -> None:
    """It may not have accepted what waits, and the listener would be called again at once."""
    listener = setup.listener()
    listener.handle_accept = fail  # type: ignore[method-assign]  # a bug of the program's
    listener.errand.handle_read()
    assert listener.holds == [True]
    assert "an exception escaped from handle_accept()" in caplog.text
    setup.loop.run_once()
    assert listener.holds == [True, False]


def test_a_failing_handle_accept_of_a_closed_listener_is_logged_only(
    setup: Setup, caplog: pytest.LogCaptureFixture
) -> None:
    def close_and_fail() -> None:
        listener.accepting = False
        fail()

    listener = setup.listener()
    listener.handle_accept = close_and_fail  # type: ignore[method-assign]  # a bug of the program's
    listener.errand.handle_read()
    assert "on purpose" in caplog.text
    assert listener.holds == []
    assert setup.timers() == 0


def test_what_accept_returned_is_forgotten_even_when_an_interrupt_passes(setup: Setup) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    listener = setup.listener(0)
    listener.on = interrupt
    with pytest.raises(KeyboardInterrupt):
        listener.errand.handle_read()
    assert setup.loop.accepted is None
