"""Tests of miniloop.net.broadcasting: the same bytes to many channels."""

import socket
import threading
from collections.abc import Iterator
from typing import cast

import pytest

from miniloop import AsyncChat, EventLoop, broadcast
from tests.driving import receive, settle

Member = tuple[AsyncChat, socket.socket]


@pytest.fixture
def members(loop: EventLoop) -> Iterator[list[Member]]:
    """Three channels and their peers."""
    found = []
    for _ in range(3):
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        found.append((AsyncChat(loop, ours), theirs))
    yield found
    for _, theirs in found:
        theirs.close()


def said(loop: EventLoop, members: list[Member]) -> list[bytes]:
    settle(loop)
    return [receive(theirs) for _, theirs in members]


def test_every_channel_gets_it_in_order(loop: EventLoop, members: list[Member]) -> None:
    members[1][0].push(b"before,")
    broadcast((channel for channel, _ in members), b"one,")
    broadcast((channel for channel, _ in members), bytearray(b"two,"))
    members[1][0].push(b"after")
    assert said(loop, members) == [b"one,two,", b"before,one,two,after", b"one,two,"]


def test_what_is_changed_afterwards_was_copied(loop: EventLoop, members: list[Member]) -> None:
    data = bytearray(b"said")
    broadcast([members[0][0]], data)
    data[:] = b"else"
    assert said(loop, members[:1]) == [b"said"]


@pytest.mark.parametrize("end", ["close", "close_when_done", "close_write"])
def test_a_channel_that_takes_no_output_is_left_out(
    loop: EventLoop, members: list[Member], end: str
) -> None:
    getattr(members[1][0], end)()
    broadcast([channel for channel, _ in members], b"line")
    assert said(loop, members) == [b"line", b"", b"line"]


def test_a_channel_whose_peer_has_finished_is_answered(
    loop: EventLoop, members: list[Member]
) -> None:
    channel, theirs = members[0]
    channel.push(b"x" * 1_000_000)  # more than the peer takes, so the channel stays open
    theirs.shutdown(socket.SHUT_WR)
    settle(loop)
    broadcast([channel], b"answer")
    got = b""
    while not channel.closed:
        settle(loop)
        got += receive(theirs)
    assert got[-10:] == b"xxxxanswer"


def test_before_the_connection_stands(loop: EventLoop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        channel = AsyncChat(loop)
        channel.create_socket()
        channel.connect(server.getsockname())
        broadcast([channel], b"early")
        settle(loop)
        accepted, _ = server.accept()
        with accepted:
            assert accepted.recv(100) == b"early"


def test_channels_of_two_loops(loop: EventLoop, members: list[Member]) -> None:
    ours, theirs = socket.socketpair()
    with EventLoop() as other, theirs:
        stranger = AsyncChat(other, ours)
        broadcast([members[0][0], stranger, members[1][0]], b"line")
        assert said(loop, members) == [b"line", b"line", b""]
        settle(other)
        assert theirs.recv(100) == b"line"


def test_another_thread_is_refused(loop: EventLoop, members: list[Member]) -> None:
    errors: list[BaseException] = []

    def elsewhere() -> None:
        try:
            broadcast([channel for channel, _ in members], b"line")
        except RuntimeError as error:
            errors.append(error)

    def start() -> None:
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()

    loop.call_soon(start)
    settle(loop)
    assert "call_soon_threadsafe" in str(errors[0])
    assert said(loop, members) == [b"", b"", b""]


def test_text_is_refused_before_anybody_gets_it(loop: EventLoop, members: list[Member]) -> None:
    with pytest.raises(TypeError, match="encode"):
        broadcast([channel for channel, _ in members], cast("bytes", "text"))
    assert said(loop, members) == [b"", b"", b""]
