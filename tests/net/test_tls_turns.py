"""Whose turn it is under TLS: records before the channel, reading before writing, and no more."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from miniloop import EventLoop
from miniloop.net.tls import GOODBYE_TIMEOUT
from miniloop.net.tls_socket import MOST_AT_ONCE
from miniloop.readiness import READ, WRITE
from miniloop.testing import FakeClock
from tests.driving import Lines, Recording, run_until, settle
from tests.net.tls_ends import (
    Echo,
    Renegotiating,
    Secure,
    against_ssl,
    read,
    registration_of,
    tls_socket,
    unsent,
    watched_for,
)

LAST_RECORDS = Secure.close_timeout or 0.0


class Sipping(Recording):
    """Reads a byte at a time."""

    def handle_read(self) -> None:
        self.seen.append("read")
        self.data += self.recv(1)


class Narrow(Recording):
    """Its records soon wait for room."""

    def __init__(self, loop: EventLoop, sock: socket.socket) -> None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
        super().__init__(loop, sock)


class NarrowLines(Secure):
    def __init__(self, loop: EventLoop, sock: socket.socket) -> None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
        super().__init__(loop, sock)


# -- reading what was decrypted before -----------------------------------------------------------


def test_a_pause_holds_what_was_about_to_be_delivered() -> None:
    with against_ssl(Sipping) as (loop, _, channel, peer):
        peer.send(b"abcdefghij")
        run_until(loop, lambda: channel.data)
        loop.call_soon(channel.pause_reading)  # runs before the delivery that the pass schedules
        channel.interest_changed()
        before = channel.data
        settle(loop)
        assert channel.data == before
        channel.resume_reading()
        run_until(loop, lambda: channel.data == b"abcdefghij")


def test_a_close_drops_what_was_about_to_be_delivered() -> None:
    with against_ssl(Sipping) as (loop, _, channel, peer):
        peer.send(b"abcdefghij")
        run_until(loop, lambda: channel.data)
        loop.call_soon(channel.close)
        before = channel.data
        settle(loop)
        assert channel.data == before


def test_closing_in_order_drops_what_was_about_to_be_delivered() -> None:
    class Greedy(Secure):
        def handle_line(self, line: bytes) -> None:
            self.close_when_done()

    with against_ssl(Greedy) as (loop, _, channel, peer):
        peer.send(b"first\nsecond\n")
        peer.send(b"third\n")
        settle(loop)
        assert channel.lines == [b"first"]


# -- writing -------------------------------------------------------------------------------------


def test_room_for_records_is_not_reported_to_a_channel_that_did_not_wait() -> None:
    with against_ssl(Narrow) as (loop, _, channel, peer):
        size = 100_000
        assert channel.send(b"x" * size) == size  # all of it is encrypted, and not all of it sent
        assert unsent(channel)
        while unsent(channel):
            read(peer)
            loop.run_once(0)
        settle(loop)
        assert "write" not in channel.seen
        assert watched_for(loop, channel) == READ


def test_a_peer_that_goes_while_records_wait_is_an_error() -> None:
    with against_ssl(Narrow) as (loop, _, channel, peer):
        channel.send(b"x" * 100_000)
        channel.pause_reading()
        settle(loop)
        socket.socket(fileno=peer.detach()).close()
        run_until(loop, lambda: channel.closed)
        assert channel.seen.count("close") == 1
        assert isinstance(channel.error, OSError)


def test_out_of_band_data_reaches_no_handler() -> None:
    class Expecting(Recording):
        def handle_expt(self) -> None:
            self.seen.append("urgent")

    with against_ssl(Expecting) as (loop, _, channel, _):
        registration_of(loop, channel).channel.handle_expt_event()
        assert "urgent" not in channel.seen


# -- writing that needs to read first ------------------------------------------------------------


@contextmanager
def renegotiating(kind: type[Lines]) -> Iterator[tuple[EventLoop, Lines]]:
    """A channel whose next output needs input, and a peer that then sends a line."""
    with against_ssl(kind) as (loop, _, channel, peer):
        Renegotiating.over(tls_socket(channel), 1)
        yield loop, channel
        assert watched_for(loop, channel) & (READ | WRITE) == READ
        peer.send(b"hello\n")
        settle(loop)
        assert read(peer).startswith(b"answer\n")


def test_output_that_needs_input_waits_for_it() -> None:
    with renegotiating(Echo) as (loop, channel):
        channel.push(b"answer\n")
        settle(loop)
    assert channel.lines == [b"hello"]


def test_output_that_needs_input_reads_behind_a_pause_and_delivers_nothing() -> None:
    with renegotiating(Echo) as (loop, channel):
        channel.pause_reading()
        channel.push(b"answer\n")
        settle(loop)
    assert channel.lines == []


def test_what_was_read_for_writing_is_delivered_after_the_pause() -> None:
    with against_ssl(Secure) as (loop, _, channel, peer):
        Renegotiating.over(tls_socket(channel), 1)
        channel.pause_reading()
        channel.push(b"answer\n")
        settle(loop)
        peer.send(b"hello\n")
        settle(loop)
        assert read(peer) == b"answer\n"
        channel.resume_reading()
        settle(loop)
        assert channel.lines == [b"hello"]


# -- the goodbye ---------------------------------------------------------------------------------


def leaving(loop: EventLoop, channel: Secure) -> None:
    """Have everything encrypted and not everything sent, and the goodbye behind it."""
    channel.push(b"x" * MOST_AT_ONCE)
    channel.close_when_done()
    settle(loop)
    assert unsent(channel)


def test_a_wake_up_without_progress_gives_no_more_time() -> None:
    with against_ssl(NarrowLines) as (loop, clock, channel, _):
        leaving(loop, channel)
        clock.advance(LAST_RECORDS - 0.1)
        registration_of(loop, channel).channel.handle_write_event()
        clock.advance(0.2)
        settle(loop)
        assert channel.closed
        assert isinstance(channel.error, TimeoutError)


def test_progress_gives_more_time() -> None:
    with against_ssl(NarrowLines) as (loop, clock, channel, peer):
        leaving(loop, channel)
        clock.advance(LAST_RECORDS - 0.1)
        read(peer)
        loop.run_once(0)
        clock.advance(0.2)
        settle(loop)
        assert not channel.closed


def test_a_goodbye_to_a_peer_that_is_gone_does_not_wait() -> None:
    with against_ssl(Echo) as (loop, clock, channel, peer):
        channel.pause_reading()
        socket.socket(fileno=peer.detach()).close()
        channel.close_when_done()
        channel.flush()
        settle(loop)
        assert channel.closed
        assert clock() == FakeClock()()  # no time has passed


def test_garbage_in_the_place_of_an_answer_ends_the_goodbye() -> None:
    with against_ssl(Echo) as (loop, _, channel, peer):
        channel.close_when_done()
        settle(loop)
        with socket.socket(fileno=peer.detach()) as below:
            below.send(b"no record at all" * 10)
            settle(loop)
        assert channel.seen == ["secured", "close"]
        assert watched_nothing(loop)


def watched_nothing(loop: EventLoop) -> bool:
    loop.run()  # it returns: neither a channel nor a time limit is left
    return True


def test_output_that_waits_for_room_is_wanted_with_reading() -> None:
    with against_ssl(Narrow) as (loop, _, channel, _):
        channel.send(b"x" * 100_000)
        settle(loop)
        assert watched_for(loop, channel) == READ | WRITE


@pytest.mark.parametrize("seconds", [GOODBYE_TIMEOUT - 0.01, GOODBYE_TIMEOUT])
def test_the_goodbye_takes_as_long_as_it_says(seconds: float) -> None:
    with against_ssl(Echo) as (loop, clock, channel, _):
        channel.close_when_done()
        settle(loop)
        clock.advance(seconds)
        settle(loop)
        assert channel.closed == (seconds == GOODBYE_TIMEOUT)
