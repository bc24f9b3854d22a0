"""A listener outlives whatever accept() says; the socket is a script, the clock stands still."""

import errno
import logging
import os
import socket
from collections.abc import Iterator
from typing import cast

import pytest

from miniloop import EventLoop
from miniloop.net.accepting import Accepting
from miniloop.testing import FakeClock
from tests.doubles import scripted


class Script:
    """Answers accept() from a list of error numbers; 0 is a connection."""

    def __init__(self, *codes: int) -> None:
        self.codes = list(codes)

    def accept(self) -> tuple[str, str]:
        code = self.codes.pop(0)
        if code:
            raise OSError(code, os.strerror(code))
        return "socket", "address"


class Setup:
    def __init__(self, loop: EventLoop, clock: FakeClock) -> None:
        self.loop = loop
        self.clock = clock
        self.rests: list[bool] = []

    def accepting(self, *codes: int) -> Accepting:
        return Accepting(self.loop, cast(socket.socket, Script(*codes)), self.rests.append)


@pytest.fixture
def setup() -> Iterator[Setup]:
    with scripted() as (loop, _, clock):
        loop.run_once(0)
        yield Setup(loop, clock)


EXHAUSTED = [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM]


def test_connection(setup: Setup) -> None:
    pair: object = setup.accepting(0).accept()
    assert pair == ("socket", "address")


@pytest.mark.parametrize("code", [errno.EAGAIN, errno.EINTR, errno.ECONNABORTED, errno.EPROTO])
def test_nobody_there_or_gone_already(setup: Setup, code: int) -> None:
    accepting = setup.accepting(code, 0)
    assert accepting.accept() is None
    assert not accepting.resting
    assert accepting.accept() is not None


@pytest.mark.parametrize("code", [errno.EBADF, errno.EINVAL, errno.ENOTSOCK, errno.EOPNOTSUPP])
def test_unusable_socket_is_raised(setup: Setup, code: int) -> None:
    with pytest.raises(OSError, match=os.strerror(code)):
        setup.accepting(code).accept()


@pytest.mark.parametrize("code", EXHAUSTED)
def test_exhaustion_rests_and_looks_again(setup: Setup, code: int) -> None:
    accepting = setup.accepting(code, 0)
    assert accepting.accept() is None
    assert accepting.resting
    setup.loop.run_once()
    assert setup.clock() == pytest.approx(1000.05)
    assert setup.rests == [True, False]
    assert accepting.accept() is not None


def test_rests_get_longer_and_are_said_once(setup: Setup, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    accepting = setup.accepting(*[errno.EMFILE] * 7, 0, errno.EMFILE, errno.EMFILE)
    pauses: list[float] = []
    while len(pauses) < 7:
        before = setup.clock()
        accepting.accept()
        setup.loop.run_once()
        pauses.append(setup.clock() - before)
    assert pauses == pytest.approx([0.05, 0.1, 0.2, 0.4, 0.8, 1, 1])
    assert [record.levelname for record in caplog.records] == ["ERROR"] + ["DEBUG"] * 6
    accepting.accept()
    accepting.accept()
    assert caplog.records[-1].levelname == "DEBUG"  # at the edge, it is not said every time
    setup.loop.run_once()
    setup.clock.advance(61)
    accepting.accept()
    assert caplog.records[-1].levelname == "ERROR"


def test_resting_already(setup: Setup) -> None:
    accepting = setup.accepting()
    accepting.rest("tired")
    accepting.rest("tired")
    assert setup.rests == [True]
    assert len(setup.loop._timers) == 1


def test_close_forgets_the_timer(setup: Setup) -> None:
    accepting = setup.accepting()
    accepting.close()
    accepting.rest("tired")
    accepting.close()
    assert len(setup.loop._timers) == 0
