"""Reading under TLS: what OpenSSL holds is delivered, once, and nothing spins."""

import socket
import ssl

import pytest

from miniloop import EventLoop
from miniloop.net.tls_socket import MOST_AT_ONCE
from miniloop.readiness import READ, URGENT, WRITE
from tests.certificates import certificates
from tests.driving import Recording, deliveries, receive, run_until, settle
from tests.net.tls_ends import (
    Echo,
    Secure,
    against_ssl,
    both_versions,
    ends,
    registration_of,
    relayed,
    tls_socket,
)


@pytest.mark.parametrize("debug", [False, True])  # debugging asks every channel, so it could help
def test_what_openssl_holds_is_delivered_without_another_event(debug: bool) -> None:
    class Sipping(Recording):
        def handle_read(self) -> None:
            self.seen.append("read")
            if len(self.seen) % 3:  # a handler that does not read is called again, as ever
                self.data += self.recv(7)

    with against_ssl(Sipping, debug=debug) as (loop, _, channel, peer):
        peer.send(b"0123456789" * 10)
        peer.send(b"abcdefghij" * 10)
        run_until(loop, lambda: len(channel.data) == 200, passes=60)
        assert channel.data == b"0123456789" * 10 + b"abcdefghij" * 10
        assert deliveries(loop) <= 2


def test_a_half_close_keeps_what_is_received_and_not_yet_decrypted() -> None:
    class Closing(Recording):
        def handle_read(self) -> None:
            self.data += self.recv(7)
            if len(self.data) == 7:
                self.close_write()

    with against_ssl(Closing) as (loop, _, channel, peer):
        peer.send(b"0123456789" * 10)
        peer.send(b"abcdefghij" * 10)
        settle(loop, 40)
        assert channel.data == b"0123456789" * 10 + b"abcdefghij" * 10
        assert peer.recv(1) == b""
        assert channel.error is None


def test_reading_asks_the_kernel_once() -> None:
    """Or a peer that sends records without data could hold the loop."""

    class Dribbling(socket.socket):
        asked = 0

        def recv(self, size: int, flags: int = 0) -> bytes:
            self.asked += 1
            return super().recv(min(size, 100), flags)

    class Reading(Recording):
        def __init__(self, loop: EventLoop, sock: socket.socket) -> None:
            self.dribbling = Dribbling(fileno=sock.detach())
            super().__init__(loop, self.dribbling)

    with against_ssl(Reading) as (loop, _, channel, peer):
        for _ in range(50):
            peer.send(b".")
        asked, before = channel.dribbling.asked, len(channel.seen)
        run_until(loop, lambda: len(channel.data) == 50)
        assert channel.dribbling.asked - asked == len(channel.seen) - before > 10


def test_out_of_band_data_and_answers_that_pile_up_are_not_asked_for() -> None:
    class Expecting(Recording):
        def handle_expt(self) -> None:
            self.seen.append("urgent")

    with against_ssl(Expecting) as (loop, _, channel, _):
        tls = tls_socket(channel)
        assert channel.interest() == READ | URGENT
        assert registration_of(loop, channel).channel.interest() == READ
        tls.unsent = bytes(2 * MOST_AT_ONCE)
        assert registration_of(loop, channel).channel.interest() == READ | WRITE
        tls.unsent += b"."
        assert registration_of(loop, channel).channel.interest() == WRITE
        tls.unsent = b""


def test_a_pause_holds_what_is_decrypted_already() -> None:
    class Pausing(Secure):
        def handle_line(self, line: bytes) -> None:
            self.pause_reading()

    with against_ssl(Pausing) as (loop, _, channel, peer):
        for number in range(5):
            peer.send(b"%d\n" % number + b"." * 16000 + b"\n")
        settle(loop)
        assert channel.lines == [b"0"]
        assert deliveries(loop) == 0
        for _ in range(9):
            channel.resume_reading()
            settle(loop)
        assert channel.lines[::2] == [b"0", b"1", b"2", b"3", b"4"]


def test_an_override_of_readable_is_followed() -> None:
    class Moody(Recording):
        mood = True

        def readable(self) -> bool:
            return self.mood

        def handle_read(self) -> None:
            self.data += self.recv(1)
            self.mood = False

    with against_ssl(Moody) as (loop, _, channel, peer):
        channel.mood = True
        peer.send(b"abc")
        settle(loop)
        before = len(channel.data)
        assert deliveries(loop) == 0
        for _ in range(3 - before):
            channel.mood = True
            settle(loop)
        assert channel.data == b"abc"


@pytest.mark.needs("hang-ups")
@pytest.mark.parametrize("paused", [False, True])
@both_versions
def test_the_peers_goodbye_ends_without_an_error(version: ssl.TLSVersion, paused: bool) -> None:
    with ends(version=version) as (loop, server, client):
        if paused:
            server.pause_reading()
        client.close()
        settle(loop)
        assert server.seen == ["secured", "close"]
        assert server.error is None


def test_what_was_sent_before_the_goodbye_is_delivered_behind_a_pause() -> None:
    with ends(Secure) as (loop, server, client):
        server.pause_reading()
        client.push(b"last words\n")
        settle(loop)
        client.close()
        settle(loop)
        assert deliveries(loop) == 0
        assert server.seen == ["secured"]
        server.resume_reading()
        settle(loop)
        assert server.lines == [b"last words"]
        assert server.seen == ["secured", "close"]
        assert server.error is None


def test_a_goodbye_that_an_override_leaves_open_does_not_spin() -> None:
    class Staying(Recording):
        def handle_eof(self) -> None:
            self.seen.append("eof")

    with against_ssl(Staying) as (loop, _, channel, peer):
        with pytest.raises(ssl.SSLWantReadError):
            peer.unwrap()
        settle(loop)
        assert channel.seen == ["nothing", "eof"][::-1]
        assert deliveries(loop) == 0
        assert not channel.closed


def test_a_corrupted_record_ends_with_an_error() -> None:
    with relayed() as (loop, relay):
        server, client = Echo(loop, relay.ours), Secure(loop, relay.theirs)
        server.start_tls(certificates().server(), server_side=True)
        client.start_tls(certificates().client(), server_hostname="localhost")
        for _ in range(6):
            settle(loop)
            relay.step(1 << 20)
        client.push(b"hello\n")
        settle(loop)
        record = bytearray(receive(relay.far))
        record[-1] ^= 1
        relay.near.send(record)
        settle(loop)
        assert server.seen == ["secured", "close"]
        assert "BAD_RECORD_MAC" in str(server.error)
        assert server.lines == []
