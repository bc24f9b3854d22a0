"""Tests of miniloop.net.hangup: what a channel that is held does at its peer's end."""

import errno
import socket

import pytest

from miniloop import EventLoop
from tests.driving import Recording, settle

pytestmark = pytest.mark.needs("hang-ups")


@pytest.fixture
def channel(loop: EventLoop, sockets: tuple[socket.socket, socket.socket]) -> Recording:
    paused = Recording(loop, sockets[0])
    paused.pause_reading()
    return paused


def test_the_end_is_reported_while_paused(
    loop: EventLoop, channel: Recording, sockets: tuple[socket.socket, socket.socket]
) -> None:
    sockets[1].shutdown(socket.SHUT_WR)
    settle(loop)
    assert channel.closed
    assert channel.seen[-1] == "close"


def test_unread_data_comes_first(
    loop: EventLoop, channel: Recording, sockets: tuple[socket.socket, socket.socket]
) -> None:
    sockets[1].send(b"unread")
    sockets[1].shutdown(socket.SHUT_WR)
    settle(loop)
    assert not channel.closed
    assert channel.seen == []
    channel.resume_reading()
    settle(loop)
    assert channel.closed


def test_a_reset_ends_the_channel_while_paused(
    loop: EventLoop, channel: Recording, sockets: tuple[socket.socket, socket.socket]
) -> None:
    channel.send(b"what the peer does not read makes its close() a reset")
    sockets[1].close()
    settle(loop)
    assert channel.closed
    assert isinstance(channel.error, OSError)
    assert channel.error.errno == errno.ECONNRESET
