"""A datagram that cannot be delivered costs itself and nothing else; the socket is a script."""

import errno
import logging
import os
import socket
from collections.abc import Iterator
from typing import Any, cast

import pytest

from miniloop import Dispatcher, EventLoop
from miniloop.net.datagrams import MISUSE, lost
from miniloop.readiness import READ, WRITE
from miniloop.testing import ScriptedSelector
from tests.doubles import scripted

PEERS_AND_ROUTES = [
    errno.EINVAL, errno.EACCES, errno.EPERM, errno.ECONNREFUSED, errno.ENETUNREACH,
    errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ENETDOWN, errno.ENOENT, errno.ECONNRESET,
    errno.ENOBUFS, errno.ENOMEM, errno.ETIMEDOUT, errno.EADDRNOTAVAIL, errno.EPROTOTYPE,
]  # fmt: skip
"""A source port of 0, a prohibited or a black-holed route, a firewall, a peer that is gone ..."""

PEER = ("192.0.2.1", 9)


class Script:
    """Each call of one of its methods fails with ``codes`` in turn; without one it succeeds."""

    type = socket.SOCK_DGRAM
    family = socket.AF_INET

    def __init__(self) -> None:
        self.codes: list[int] = []

    def _answer(self, value: Any) -> Any:
        if self.codes:
            code = self.codes.pop(0)
            raise OSError(code, os.strerror(code))
        return value

    def setblocking(self, flag: bool) -> None:
        assert not flag

    def fileno(self) -> int:
        return 7

    def getpeername(self) -> Any:
        raise OSError(errno.ENOTCONN, "not connected")

    def getsockopt(self, level: int, option: int) -> int:
        return 0

    def send(self, data: bytes) -> Any:
        return self._answer(len(data))

    def sendto(self, data: bytes, addr: Any) -> Any:
        return self._answer(len(data))

    def recv(self, size: int) -> Any:
        return self._answer(b"datagram")

    def recvfrom(self, size: int) -> Any:
        return self._answer((b"datagram", PEER))

    def close(self) -> None:
        pass


class Datagrams(Dispatcher):
    def __init__(self, loop: EventLoop, sock: Script) -> None:
        super().__init__(loop, cast(socket.socket, sock))
        self.seen: list[str] = []

    def handle_write(self) -> None:
        self.seen.append("write")

    def handle_close(self) -> None:
        self.seen.append("close")


class Setup:
    def __init__(self, loop: EventLoop, selector: ScriptedSelector) -> None:
        self.loop = loop
        self.selector = selector
        self.sock = Script()
        self.channel = Datagrams(loop, self.sock)
        loop.run_once(0)


@pytest.fixture
def setup() -> Iterator[Setup]:
    with scripted() as (loop, selector, _):
        yield Setup(loop, selector)


# -- which error is whose ------------------------------------------------------------------------


@pytest.mark.parametrize("code", PEERS_AND_ROUTES)
def test_an_error_of_a_peer_or_a_route_is_logged(
    code: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "miniloop"):
        lost("the channel", OSError(code, os.strerror(code)))
    assert "'the channel': a datagram was lost: " in caplog.text
    assert os.strerror(code) in caplog.text


@pytest.mark.parametrize("code", sorted(MISUSE))
def test_misuse_is_raised(code: int) -> None:
    error = OSError(code, os.strerror(code))
    with pytest.raises(OSError, match=os.strerror(code)) as caught:
        lost("the channel", error)
    assert caught.value is error


# -- on a dispatcher -----------------------------------------------------------------------------


@pytest.mark.parametrize("code", PEERS_AND_ROUTES)
def test_a_lost_datagram_leaves_the_dispatcher_as_it_was(setup: Setup, code: int) -> None:
    channel = setup.channel
    for call, nothing in (
        (lambda: channel.sendto(b"data", PEER), 0),
        (lambda: channel.send(b"data"), 0),
        (channel.recvfrom, (b"", None)),
        (channel.recv, b""),
    ):
        setup.sock.codes = [code]
        assert call() == nothing
    setup.loop.run_once(0)
    assert channel.seen == []
    assert not channel.closed
    assert channel.error is None
    assert setup.selector.get_map()[7].events == READ


@pytest.mark.parametrize("code", sorted(MISUSE))
def test_misuse_is_raised_to_the_caller(setup: Setup, code: int) -> None:
    channel = setup.channel
    for call in (
        lambda: channel.sendto(b"data", PEER), lambda: channel.send(b"data"), channel.recvfrom,
        channel.recv,
    ):  # fmt: skip
        setup.sock.codes = [code]
        with pytest.raises(OSError, match=os.strerror(code)):
            call()
    assert not channel.closed


def test_what_was_sent_and_received_is_returned(setup: Setup) -> None:
    assert setup.channel.sendto(b"12345", PEER) == 5
    assert setup.channel.send(b"123") == 3
    assert setup.channel.recvfrom() == (b"datagram", PEER)
    assert setup.channel.recv() == b"datagram"


@pytest.mark.parametrize("connected", [False, True])
def test_a_full_buffer_is_reported_and_so_is_room(setup: Setup, connected: bool) -> None:
    channel = setup.channel
    setup.sock.codes = [errno.EAGAIN]
    taken = channel.send(b"data") if connected else channel.sendto(b"data", PEER)
    assert taken == 0
    setup.loop.run_once(0)
    assert setup.selector.get_map()[7].events == READ | WRITE
    setup.selector.script((7, WRITE))
    setup.loop.run_once(0)
    assert channel.seen == ["write"]
    setup.loop.run_once(0)
    assert setup.selector.get_map()[7].events == READ


def test_nothing_to_receive(setup: Setup) -> None:
    setup.sock.codes = [errno.EAGAIN, errno.EAGAIN]
    assert setup.channel.recvfrom() == (b"", None)
    assert setup.channel.recv() == b""
    assert not setup.channel.closed
