"""Writing under TLS: what is watched for, what waits where, and how much."""

import socket
import ssl

import pytest

from miniloop import EventLoop
from miniloop.net.tls_socket import MOST_AT_ONCE
from miniloop.readiness import READ, WRITE
from tests.certificates import certificates
from tests.driving import Recording, deliveries, fill, receive, settle
from tests.net.tls_ends import Secure, against_ssl, both_versions, ends, read, unsent, watched_for


def test_interest_follows_what_tls_waits_for() -> None:
    with EventLoop(debug=True) as loop:
        ours, theirs = socket.socketpair()
        stuffing = fill(ours)
        client = Secure(loop, ours)
        client.start_tls(certificates().client(), server_hostname="localhost")
        with theirs:
            theirs.setblocking(False)
            settle(loop)
            assert watched_for(loop, client) == READ | WRITE  # the hello does not fit
            assert deliveries(loop) == 0
            assert len(receive(theirs)[:stuffing]) == stuffing
            settle(loop)
            assert watched_for(loop, client) == READ
            client.pause_reading()
            settle(loop)
            assert watched_for(loop, client) == READ  # the handshake goes on behind a pause


def test_a_slow_reader_gets_all_of_it_and_the_loop_does_not_spin() -> None:
    with against_ssl(Secure) as (loop, _, channel, peer):
        data = bytes(range(256)) * 8192
        channel.push(data)
        settle(loop)
        assert channel.seen == ["secured", "high"]
        assert deliveries(loop) == 0
        assert unsent(channel) < MOST_AT_ONCE * 1.1
        got = bytearray()
        while len(got) < len(data):
            settle(loop, 3)
            got += read(peer)
        settle(loop)
        assert got == data
        assert channel.seen == ["secured", "high", "low"]
        assert watched_for(loop, channel) == READ


def test_discarded_output_does_not_break_the_records() -> None:
    with against_ssl(Secure) as (loop, _, channel, peer):
        channel.push(b"x" * (1 << 21))
        settle(loop)
        channel.discard_output()
        channel.push(b"short\n")
        got = b""
        while not got.endswith(b"short\n"):
            settle(loop, 3)
            got += read(peer)
        assert got.strip(b"x") == b"short\n"
        assert len(got) < 1 << 21


def test_output_stays_bounded_for_a_peer_that_does_not_read() -> None:
    with against_ssl(Secure) as (loop, _, channel, _):
        channel.max_output = 1 << 20
        channel.push(b"x" * (1 << 22))
        settle(loop)
        assert channel.seen[-1] == "high"
        channel.push(b"y")
        settle(loop)
        assert channel.seen[-1] == "close"


def test_a_large_piece_reaches_a_peer_that_reads() -> None:
    with against_ssl(Secure) as (loop, _, channel, peer):
        channel.max_output = 1 << 20
        channel.push(b"x" * (1 << 22))
        channel.push(b"y")  # in the same pass
        got = 0
        while got <= 1 << 22:
            loop.run_once(0)
            got += len(read(peer))
        assert not channel.closed


def test_records_do_not_pile_up_behind_those_that_wait() -> None:
    with against_ssl(Secure) as (loop, _, channel, _):
        for _ in range(8):
            channel.push(b"x" * MOST_AT_ONCE)
            loop.run_once(0)
            assert unsent(channel) < 1.1 * MOST_AT_ONCE
        assert channel.output_size > 5 * MOST_AT_ONCE


def test_handle_write_waits_for_the_records_before() -> None:
    class Narrow(Recording):
        def __init__(self, loop: EventLoop, sock: socket.socket) -> None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
            super().__init__(loop, sock)

    with against_ssl(Narrow) as (loop, _, channel, peer):
        assert channel.send(b"x" * 2 * MOST_AT_ONCE) == MOST_AT_ONCE
        while unsent(channel):
            assert "write" not in channel.seen
            read(peer)
            loop.run_once(0)
        assert channel.seen.count("write") == 1


def test_a_str_is_refused() -> None:
    with against_ssl(Recording) as (_, _, channel, _), pytest.raises(TypeError, match="encode"):
        channel.send("text")  # type: ignore[arg-type]  # that is the test


def test_sending_after_a_half_close_ends_with_an_error() -> None:
    with against_ssl(Recording) as (_, _, channel, _):
        channel.close_write()
        assert channel.send(b"more") == 0
        assert isinstance(channel.error, BrokenPipeError)
        assert channel.seen == ["close"]


@both_versions
def test_half_close_lets_the_other_side_finish(version: ssl.TLSVersion) -> None:
    with ends(Secure, version) as (loop, server, client):
        server.push(b"done\n")
        server.close_write()
        client.push(b"already under way\n" * 3)
        settle(loop)
        assert client.lines == [b"done"]
        assert server.lines == [b"already under way"] * 3
        assert client.closed
        assert server.closed
        assert (client.error, server.error) == (None, None)
