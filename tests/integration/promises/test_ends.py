"""Each end by a limit, and ``abort()``, sets ``error`` and says so in one line at INFO."""

import errno
import logging
import socket
from collections.abc import Callable
from typing import Any

import pytest

from miniloop import EventLoop
from tests.driving import Lines, fill, pair, run_until
from tests.integration.promises.driven import Driven, connected

Happening = Callable[[Driven, Lines, Lines], object]


class Watched(Lines):
    """Sees at its end what there is to see."""

    max_input = 1000
    max_output = 100_000
    close_timeout = 0.05
    told: object = None

    def handle_close(self) -> None:
        super().handle_close()
        self.told = self.error

    def handle_line(self, line: bytes) -> None:
        if line == b"nonsense":
            self.abort("no such command: nonsense")


def sends_a_long_line(driven: Driven, channel: Lines, peer: Lines) -> None:
    peer.push(b"x" * 2000)


def sends_nonsense(driven: Driven, channel: Lines, peer: Lines) -> None:
    peer.push(b"nonsense\n")


def does_not_read(driven: Driven, channel: Lines, peer: Lines) -> None:
    peer.pause_reading()
    channel.push(bytes(10_000_000))
    driven.go_on()
    assert not channel.closed
    channel.push(b"more")


def does_nothing(driven: Driven, channel: Lines, peer: Lines) -> None:
    channel.set_idle_timeout(0.05)


def does_not_read_the_last_output(driven: Driven, channel: Lines, peer: Lines) -> None:
    peer.pause_reading()
    channel.push(bytes(10_000_000))
    channel.close_when_done()


ENDS: list[tuple[Happening, type[Exception], int, str]] = [
    (sends_a_long_line, OSError, errno.EMSGSIZE, "max_input = 1000"),
    (sends_nonsense, ConnectionAbortedError, errno.ECONNABORTED, "no such command"),
    (does_not_read, OSError, errno.ENOBUFS, "max_output = 100000"),
    (does_nothing, TimeoutError, errno.ETIMEDOUT, "idle: nothing was received or sent for 0.05"),
    (does_not_read_the_last_output, TimeoutError, errno.ETIMEDOUT, "took nothing for 0.05"),
]


@pytest.mark.parametrize(("happens", "kind", "number", "text"), ENDS)
def test_an_end_is_explained(
    driven: Driven,
    secure: bool,
    happens: Happening,
    kind: type[Exception],
    number: int,
    text: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "miniloop")
    channel, peer = connected(driven, Watched, secure=secure)
    happens(driven, channel, peer)
    driven.until(lambda: channel.closed)
    assert isinstance(channel.error, OSError)
    assert type(channel.error) is kind
    assert channel.error.errno == number
    assert channel.told is channel.error
    assert channel.seen.count("close") == 1
    (record,) = caplog.records
    assert (record.levelno, record.exc_info) == (logging.INFO, None)
    assert repr(channel) in record.getMessage()
    assert text in record.getMessage()
    peer.close()


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6, socket.AF_UNIX])
def test_on_every_family(loop: EventLoop, family: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "miniloop")
    with pair(family) as (ours, theirs):
        channel = Watched(loop, ours)
        theirs.send(b"nonsense\n")
        run_until(loop, lambda: channel.closed)
        assert caplog.messages == [f"closing {channel!r}: no such command: nonsense"]


def test_an_end_in_order_has_no_error(driven: Driven, secure: bool, caplog: Any) -> None:
    caplog.set_level(logging.INFO, "miniloop")
    channel, peer = connected(driven, Watched, secure=secure)
    peer.close_when_done()
    driven.until(lambda: channel.closed)
    assert (channel.error, channel.seen) == (None, ["close"])
    assert caplog.records == []
    peer.close()


def test_an_override_that_ends_by_itself_says_nothing(
    loop: EventLoop, caplog: pytest.LogCaptureFixture
) -> None:
    class Quiet(Watched):
        def handle_output_overflow(self) -> None:
            self.end()

    caplog.set_level(logging.INFO, "miniloop")
    with pair() as (ours, _):
        channel = Quiet(loop, ours)
        fill(ours)
        for _ in range(3):
            if not channel.closed:
                channel.push(bytes(100_001))
            loop.run_once(0)
        assert channel.seen == ["high", "close"]
        assert channel.error is None
        assert caplog.records == []
