"""What counts as traffic for the idle limit: bytes that moved, in either direction."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from miniloop import Dispatcher, EventLoop, FileDispatcher
from miniloop.net.tls_socket import MOST_AT_ONCE
from miniloop.queued import QueuedDispatcher
from miniloop.testing import FakeClock
from tests.driving import Lines, Recording, fill, pair, receive, settle
from tests.net.tls_ends import Secure, against_ssl, read

LIMIT = 30.0


class Setup:
    """One channel with an idle limit; time goes on by hand."""

    def __init__(self, loop: EventLoop, clock: FakeClock, channel: Dispatcher) -> None:
        self.loop, self.clock, self.channel = loop, clock, channel
        settle(loop)
        channel.set_idle_timeout(LIMIT)

    def wait(self, seconds: float = 0.6 * LIMIT) -> bool:
        """Let time pass; return whether the channel is still there."""
        self.clock.advance(seconds)
        settle(self.loop)
        return not self.channel.closed


@contextmanager
def timed() -> Iterator[tuple[EventLoop, FakeClock]]:
    clock = FakeClock()
    with EventLoop(clock=clock, debug=True) as loop:
        yield loop, clock


@pytest.mark.parametrize("kind", [Recording, Lines])
@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6, None])
def test_a_download(kind: type[Recording] | type[Lines], paused: bool, family: int | None) -> None:
    with timed() as (loop, clock), pair(family) as (ours, theirs):
        setup = Setup(loop, clock, kind(loop, ours))
        if paused:
            setup.channel.pause_reading()
        for _ in range(5):
            if isinstance(setup.channel, QueuedDispatcher):
                setup.channel.push(b"x" * 1000)
            else:
                setup.channel.send(b"x" * 1000)
            settle(loop)
            assert setup.wait()
        assert not setup.wait()
        assert isinstance(setup.channel.error, TimeoutError)
        assert "30 seconds" in str(setup.channel.error)
        assert len(receive(theirs)) == 5000


def test_a_large_piece_that_leaves_bit_by_bit(sockets: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = sockets
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
    with timed() as (loop, clock):
        channel = Lines(loop, ours)
        channel.push(b"x" * 1_000_000)
        setup = Setup(loop, clock, channel)
        for _ in range(5):
            theirs.recv(65536)
            settle(loop)
            assert setup.wait()
        assert not setup.wait()


def test_what_does_not_move_does_not_count(sockets: tuple[socket.socket, socket.socket]) -> None:
    """A push() for a full kernel, a flush of nothing, a send() that takes nothing."""
    with timed() as (loop, clock):
        fill(sockets[0])
        channel = Lines(loop, sockets[0])
        setup = Setup(loop, clock, channel)
        channel.push(b"stuck")
        assert channel.send(b"stuck") == 0
        assert setup.wait()
        channel.push(b"stuck")
        channel.flush()
        assert channel.send(b"stuck") == 0
        assert not setup.wait()


def test_a_flush_of_nothing_does_not_count(sockets: tuple[socket.socket, socket.socket]) -> None:
    with timed() as (loop, clock):
        channel = Lines(loop, sockets[0])
        setup = Setup(loop, clock, channel)
        assert channel.output_size == 0
        assert setup.wait()
        channel.flush()
        assert not setup.wait()


def test_input_counts_while_output_is_stuck(sockets: tuple[socket.socket, socket.socket]) -> None:
    with timed() as (loop, clock):
        fill(sockets[0])
        setup = Setup(loop, clock, Lines(loop, sockets[0]))
        for _ in range(4):
            sockets[1].send(b"line\n")
            settle(loop)
            assert setup.wait()
        assert not setup.wait()


def test_datagrams() -> None:
    with timed() as (loop, clock):
        channel, other = Recording(loop), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with other:
            other.bind(("127.0.0.1", 0))
            channel.create_socket(socket.AF_INET, socket.SOCK_DGRAM)
            channel.bind(("127.0.0.1", 0))
            setup = Setup(loop, clock, channel)
            for _ in range(3):
                channel.sendto(b"one", other.getsockname())
                assert setup.wait()
            assert not setup.wait()


@pytest.mark.needs("files")
def test_a_pipe_that_is_written() -> None:
    with timed() as (loop, clock):
        reading, writing = os.pipe()
        channel = FileDispatcher(loop, writing)
        os.close(writing)
        channel.pause_reading()
        setup = Setup(loop, clock, channel)
        for _ in range(3):
            channel.send(b"one")
            assert setup.wait()
        assert not setup.wait()
        assert isinstance(channel.error, TimeoutError)
        assert os.read(reading, 100) == b"oneoneone"
        os.close(reading)


def test_tls_output_that_waits_for_room() -> None:
    """The channel itself sends nothing while the records of its last send leave."""

    class Narrow(Secure):
        def __init__(self, loop: EventLoop, sock: socket.socket) -> None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
            super().__init__(loop, sock)

    with against_ssl(Narrow) as (loop, clock, channel, peer):
        channel.push(b"x" * MOST_AT_ONCE)
        setup = Setup(loop, clock, channel)
        for _ in range(4):
            read(peer)
            settle(loop, 1)
            assert setup.wait()
        assert not setup.wait()
        assert isinstance(channel.error, TimeoutError)


def test_tls_input_that_is_no_whole_record() -> None:
    with against_ssl(Secure) as (loop, clock, channel, peer):
        setup = Setup(loop, clock, channel)
        for _ in range(3):
            peer.send(b"half a line")
            settle(loop)
            assert setup.wait()
        assert not setup.wait()


def test_an_override_that_keeps_the_channel_is_called_again(
    sockets: tuple[socket.socket, socket.socket],
) -> None:
    class Patient(Lines):
        def handle_idle(self) -> None:
            self.seen.append("idle")

    with timed() as (loop, clock):
        channel = Patient(loop, sockets[0])
        setup = Setup(loop, clock, channel)
        for _ in range(3):
            assert setup.wait(LIMIT)
        assert channel.seen == ["idle"] * 3
        assert channel.error is None
        channel.set_idle_timeout(None)
        assert setup.wait(10 * LIMIT)
        channel.handle_idle = super(Patient, channel).handle_idle  # type: ignore[method-assign]
        channel.handle_idle()  # without a limit that could be named
        assert "too long" in str(channel.error)
