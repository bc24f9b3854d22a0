"""The end under TLS: close_notify both ways, and time limits."""

import os
import socket
import ssl
from contextlib import suppress

import pytest

from miniloop import EventLoop
from miniloop.net.tls import GOODBYE_TIMEOUT
from miniloop.net.tls_socket import MOST_AT_ONCE
from miniloop.testing import FakeClock
from tests.certificates import certificates
from tests.driving import Recording, deliveries, run_until, settle
from tests.net.tls_ends import Echo, Secure, against_ssl, both_versions, read

LAST_RECORDS = Secure.close_timeout or 0.0


@both_versions
def test_an_orderly_close_waits_for_the_answer(version: ssl.TLSVersion) -> None:
    with against_ssl(Echo, version) as (loop, _, channel, peer):
        channel.push(b"bye\n")
        channel.close_when_done()
        settle(loop)
        assert channel.seen == ["secured"]
        assert deliveries(loop) == 0
        assert peer.recv(100) == b"bye\n"
        assert peer.recv(100) == b""  # close_notify: an end without it raises SSLEOFError
        with suppress(OSError):
            peer.unwrap()
        settle(loop)
        assert channel.seen == ["secured", "close"]
        assert channel.error is None


@pytest.mark.parametrize("chatty", [False, True])
def test_an_orderly_close_does_not_wait_for_ever(chatty: bool) -> None:
    with against_ssl(Echo) as (loop, clock, channel, peer):
        channel.close_when_done()
        settle(loop)
        if chatty:
            peer.send(b"I do not listen\n" * 1000)
        clock.advance(GOODBYE_TIMEOUT - 0.1)
        assert deliveries(loop) <= 2
        assert channel.seen == ["secured"]
        clock.advance(0.2)
        settle(loop)
        assert channel.seen == ["secured", "close"]
        assert channel.lines == []
        assert channel.error is None


def test_an_orderly_close_ends_when_the_peer_is_cut_off() -> None:
    with against_ssl(Echo) as (loop, _, channel, peer):
        channel.close_when_done()
        settle(loop)
        socket.socket(fileno=peer.detach()).close()
        settle(loop)
        assert channel.seen == ["secured", "close"]


@pytest.mark.needs("unix sockets")
def test_an_orderly_close_gives_up_on_a_peer_that_does_not_read() -> None:
    class Narrow(Secure):
        def __init__(self, loop: EventLoop, sock: socket.socket) -> None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
            super().__init__(loop, sock)

    with against_ssl(Narrow) as (loop, clock, channel, peer):
        channel.push(b"x" * MOST_AT_ONCE)  # all of it is encrypted, and not all of it sent
        channel.close_when_done()
        settle(loop)
        assert (channel.output_size, channel.closed) == (0, False)
        for _ in range(3):  # each time some of it is taken, there is more time
            clock.advance(LAST_RECORDS - 0.1)
            settle(loop)
            assert not channel.closed
            for _ in range(4):
                read(peer)
                settle(loop, 2)
        assert deliveries(loop) <= 4
        clock.advance(LAST_RECORDS + 0.1)
        settle(loop)
        assert channel.seen[-1] == "close"
        assert isinstance(channel.error, TimeoutError)


def test_without_a_limit_the_last_records_wait_and_the_answer_does_not() -> None:
    with against_ssl(Secure) as (loop, clock, channel, peer):
        channel.close_timeout = None
        channel.push(b"x" * MOST_AT_ONCE)
        channel.close_when_done()
        settle(loop)
        clock.advance(100 * LAST_RECORDS)
        settle(loop)
        assert not channel.closed
        read(peer)
        settle(loop)
        clock.advance(GOODBYE_TIMEOUT + 0.1)
        run_until(loop, lambda: channel.closed)
        assert channel.error is None


@pytest.mark.needs("hang-ups", "unix sockets")
@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize("queued", [False, True])
def test_all_that_was_sent_arrives_before_the_end_that_answers_an_end(
    paused: bool, queued: bool
) -> None:
    """The peer says goodbye first; what is encrypted by then is not lost in close()."""
    size = 3 * MOST_AT_ONCE if queued else MOST_AT_ONCE

    class Answering(Secure):
        def handle_secured(self) -> None:
            self.push(b"y" * size)
            if paused:
                self.pause_reading()

    with EventLoop(debug=True, clock=FakeClock()) as loop:
        ours, theirs = socket.socketpair()
        server, client = Answering(loop, ours), Recording(loop, theirs)
        server.start_tls(certificates().server(), server_side=True)
        client.start_tls(certificates().client(), server_hostname="localhost")
        client.pause_reading()
        client.close_write()
        settle(loop)
        with socket.socket(fileno=os.dup(client.fileno())) as below:
            below.shutdown(socket.SHUT_WR)
        settle(loop)
        assert "close" not in server.seen
        assert deliveries(loop) == 0
        client.resume_reading()
        run_until(loop, lambda: client.closed and server.closed)
        assert client.data == b"y" * size
        assert server.seen.count("close") == client.seen.count("close") == 1
        assert (client.error, server.error) == (None, None)


def test_an_answer_to_the_last_line_arrives_whole() -> None:
    class Generous(Secure):
        def handle_line(self, line: bytes) -> None:
            self.push(b"y" * MOST_AT_ONCE)

    with EventLoop(debug=True, clock=FakeClock()) as loop:
        ours, theirs = socket.socketpair()
        server, client = Generous(loop, ours), Recording(loop, theirs)
        server.start_tls(certificates().server(), server_side=True)
        client.start_tls(certificates().client(), server_hostname="localhost")
        settle(loop)
        client.pause_reading()
        client.send(b"please\n")
        client.close_write()
        settle(loop)
        assert server.seen == ["secured", "high"][: len(server.seen)]
        client.resume_reading()
        run_until(loop, lambda: client.closed and server.closed)
        assert client.data == b"y" * MOST_AT_ONCE
        assert (client.error, server.error) == (None, None)


def test_an_end_that_waits_for_a_peer_that_does_not_read_is_told_in_time() -> None:
    class Answering(Recording):
        def handle_secured(self) -> None:
            self.send(b"y" * MOST_AT_ONCE)

    clock = FakeClock()
    with EventLoop(debug=True, clock=clock) as loop:
        ours, theirs = socket.socketpair()
        server, client = Answering(loop, ours), Recording(loop, theirs)
        server.start_tls(certificates().server(), server_side=True)
        client.start_tls(certificates().client(), server_hostname="localhost")
        client.pause_reading()
        client.close_write()
        settle(loop)
        clock.advance(LAST_RECORDS - 0.1)
        settle(loop)
        assert not server.closed
        clock.advance(0.2)
        settle(loop)
        assert server.seen.count("close") == 1
        assert isinstance(server.error, TimeoutError)


@pytest.mark.parametrize("size", [MOST_AT_ONCE, 1 << 20])
def test_stopping_sends_what_is_queued_and_encrypted(size: int) -> None:
    with against_ssl(Secure) as (loop, _, channel, peer):
        channel.push(b"z" * size)
        got = bytearray()
        settle(loop)

        def pump(passes: int) -> None:
            if passes > 5:  # until then nothing is read, and the last records wait
                got.extend(read(peer))
            if len(got) < size:
                assert not channel.closed
                loop.call_soon(pump, passes + 1)

        loop.stop(grace=10)
        loop.call_soon(pump, 0)
        loop.run()
        got.extend(read(peer))
        assert bytes(got) == b"z" * size
        assert channel.closed


def test_close_by_the_program_says_goodbye_and_calls_nothing() -> None:
    with against_ssl(Echo) as (_, _, channel, peer):
        channel.close()
        assert peer.recv(10) == b""
        assert channel.seen == ["secured"]


def test_an_evicted_channel_leaves_the_descriptor_alone(caplog: pytest.LogCaptureFixture) -> None:
    with against_ssl(Echo) as (loop, _, channel, _):
        number = channel.fileno()
        twin = socket.socket(fileno=number)
        newcomer = Recording(loop, twin)
        assert channel.closed
        assert channel.seen == ["secured", "close"]
        assert newcomer.fileno() == number
        assert "closed behind its back" in caplog.text
