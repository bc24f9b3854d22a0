"""One outcome for each connect, always from the loop; the socket is a script."""

import errno
import os
import socket
from collections.abc import Iterator
from typing import cast

import pytest

from miniloop import EventLoop
from miniloop.net.connecting import ConnectingToAddress
from miniloop.testing import FakeClock
from miniloop.trace import inspection
from tests.doubles import Sees, scripted


class Script:
    """Answers connect_ex() from a list of error numbers."""

    def __init__(self, family: int, codes: list[int], outcome: int) -> None:
        self.family = family
        self.codes = codes
        self.outcome = outcome

    def connect_ex(self, address: object) -> int:
        if address is None:
            raise TypeError("no address")
        return self.codes.pop(0)

    def getsockopt(self, level: int, option: int) -> int:
        assert (level, option) == (socket.SOL_SOCKET, socket.SO_ERROR)
        return self.outcome


class Setup:
    def __init__(self, loop: EventLoop, clock: FakeClock) -> None:
        self.loop = loop
        self.clock = clock
        self.sees = Sees()
        self.errors: list[OSError] = []

    def connect(
        self,
        *codes: int,
        outcome: int = 0,
        family: int = socket.AF_INET,
        timeout: float | None = None,
        address: object = "address",
    ) -> ConnectingToAddress:
        sock = cast(socket.socket, Script(family, list(codes), outcome))
        return ConnectingToAddress(
            self.loop, sock, address, timeout, on_started=self.sees.note("started"),
            on_connected=self.sees.note("connected"), on_failed=self.errors.append,
        )  # fmt: skip

    def timers(self) -> int:
        return len(inspection.timers(self.loop, 9))


@pytest.fixture
def setup() -> Iterator[Setup]:
    with scripted() as (loop, _, clock):
        loop.run_once(0)
        yield Setup(loop, clock)


@pytest.mark.parametrize("code", [0, errno.EISCONN, errno.EINPROGRESS, errno.EAGAIN, errno.EINTR])
def test_under_way_then_connected(setup: Setup, code: int) -> None:
    connecting = setup.connect(code, timeout=5)
    assert connecting.started
    assert setup.sees == ["started"]
    connecting.handle_write()
    setup.loop.run_once(10)
    assert setup.sees == ["started", "connected"]
    assert setup.errors == []
    assert setup.timers() == 0


def test_failed_later(setup: Setup) -> None:
    connecting = setup.connect(errno.EINPROGRESS, outcome=errno.ECONNREFUSED, timeout=5)
    connecting.handle_write()
    setup.loop.run_once(10)
    assert setup.sees == ["started"]
    assert [error.errno for error in setup.errors] == [errno.ECONNREFUSED]


def test_failed_at_once_is_reported_from_the_loop(setup: Setup) -> None:
    connecting = setup.connect(errno.ENETUNREACH, timeout=5)
    assert setup.errors == []
    setup.loop.run_once()
    assert [error.errno for error in setup.errors] == [errno.ENETUNREACH]
    assert str(setup.errors[0]).endswith(os.strerror(errno.ENETUNREACH))
    assert setup.sees == []
    assert not connecting.started
    assert setup.timers() == 0


def test_time_limit(setup: Setup) -> None:
    setup.connect(errno.EINPROGRESS, timeout=5)
    setup.loop.run_once()
    assert setup.clock() == 1005
    assert isinstance(setup.errors[0], TimeoutError)
    assert "within 5 seconds" in str(setup.errors[0])


def test_full_unix_backlog_is_tried_again(setup: Setup) -> None:
    codes = [errno.EAGAIN] * 9
    connecting = setup.connect(*codes, 0, family=socket.AF_UNIX, timeout=5)
    for _ in codes:
        assert setup.sees == []
        assert not connecting.started
        setup.loop.run_once()
    assert setup.sees == ["started"]
    assert setup.clock() == pytest.approx(1000 + sum([1, 2, 4, 8, 16, 32, 64, 100, 100]) / 1000)
    connecting.handle_write()
    assert setup.sees == ["started", "connected"]


def test_time_limit_while_trying_again(setup: Setup) -> None:
    setup.connect(*[errno.EAGAIN] * 99, family=socket.AF_UNIX, timeout=1)
    while not setup.errors:
        setup.loop.run_once()
    assert setup.clock() == pytest.approx(1001)
    assert setup.timers() == 0


def test_a_full_backlog_of_another_family_is_a_connect_under_way(setup: Setup) -> None:
    assert setup.connect(errno.EAGAIN).started


def test_close_reports_nothing(setup: Setup) -> None:
    setup.connect(errno.EHOSTUNREACH, timeout=5).close()
    setup.connect(errno.EINPROGRESS).close()
    setup.loop.run_once(9)
    assert setup.errors == []


def test_address_that_makes_no_sense_leaves_no_timer(setup: Setup) -> None:
    with pytest.raises(TypeError, match="no address"):
        setup.connect(timeout=5, address=None)
    assert setup.timers() == 0
