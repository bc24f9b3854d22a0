"""The TLS handshake: what it needs, what it protects, and what ends it."""

import errno
import logging
import socket
import ssl
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniloop import EventLoop
from miniloop.testing import FakeClock
from miniloop.trace import inspection
from tests.certificates import certificates
from tests.driving import Recording, deliveries, pair, settle
from tests.net.tls_ends import Echo, Secure, both_versions, ends, relayed


@both_versions
def test_two_ends_talk(version: ssl.TLSVersion) -> None:
    with ends(version=version) as (loop, server, client):
        client.push(b"hello\nwor")
        client.push(b"ld\n")
        settle(loop)
        assert client.lines == server.lines == [b"hello", b"world"]
        assert client.tls is not None
        assert client.tls.version() == version.name.replace("_", ".")


def test_a_handshake_without_a_time_limit_may_be_given_up() -> None:
    with EventLoop(debug=True) as loop, pair() as (ours, _):
        channel = Secure(loop, ours)
        channel.start_tls(certificates().server(), server_side=True, timeout=None)
        settle(loop)
        assert inspection.timers(loop, 9) == []
        channel.close()
        assert (channel.closed, channel.seen) == (True, [])


@both_versions
def test_records_cut_at_every_byte(version: ssl.TLSVersion) -> None:
    with relayed() as (loop, relay):
        server, client = Echo(loop, relay.ours), Secure(loop, relay.theirs)
        server.start_tls(certificates().server(version), server_side=True)
        client.start_tls(certificates().client(version), server_hostname="localhost")
        client.push(b"hello\n" + b"x" * 500 + b"\n")
        client.push(b"last\n")
        while len(client.lines) < 3:
            settle(loop, 3)
            assert relay.step(1) or len(client.lines) == 3
        client.close_when_done()
        while not client.closed:
            settle(loop, 3)
            assert relay.step(1) or client.closed
        while relay.step(1) or not server.closed:
            settle(loop, 3)
        assert min(relay.passed.values()) > 600  # one byte at a time, that many times
        assert client.lines == server.lines == [b"hello", b"x" * 500, b"last"]
        assert client.seen == server.seen == ["secured", "close"]
        assert (client.error, server.error) == (None, None)


@given(
    cuts=st.lists(st.integers(1, 20_000), min_size=1, max_size=20),
    messages=st.lists(st.binary(max_size=40_000).map(lambda b: b.replace(b"\n", b" ")), max_size=6),
)
def test_any_chunking_gives_the_same_messages(cuts: list[int], messages: list[bytes]) -> None:
    with relayed() as (loop, relay):
        server, client = Echo(loop, relay.ours), Secure(loop, relay.theirs)
        server.start_tls(certificates().server(), server_side=True)
        client.start_tls(certificates().client(), server_hostname="localhost")
        for message in messages:
            client.push(message + b"\n")
        moved = at = 0
        while moved < 4:  # passes in which nothing moved any more
            settle(loop, 2)
            moved = 0 if relay.step(cuts[at % len(cuts)]) else moved + 1
            at += 1
        assert server.lines == client.lines == messages
        assert server.seen == client.seen == ["secured"]


def test_what_is_pushed_early_waits_for_the_handshake() -> None:
    with relayed() as (loop, relay):
        client = Secure(loop, relay.theirs)
        client.start_tls(certificates().client(), server_hostname="localhost")
        client.push(b"secret\n")
        settle(loop)
        relay.step(1 << 20)
        server = Echo(loop, relay.ours)
        assert client.output_size == 7
        server.start_tls(certificates().server(), server_side=True)
        for _ in range(8):
            settle(loop)
            relay.step(1 << 20)
        assert server.lines == [b"secret"]
        assert client.lines == [b"secret"]


def test_send_waits_for_the_handshake() -> None:
    class Sender(Recording):
        def handle_secured(self) -> None:
            self.seen.append("secured")

        def handle_write(self) -> None:
            super().handle_write()
            if self.seen.count("write") == 1:
                assert self.send(b"now\n") == 4

    with EventLoop(debug=True) as loop:
        ours, theirs = socket.socketpair()
        server, client = Echo(loop, ours), Sender(loop, theirs)
        client.start_tls(certificates().client(), server_hostname="localhost")
        assert client.send(b"too early") == 0
        assert client.recv() == b""
        server.start_tls(certificates().server(), server_side=True)
        settle(loop)
        assert client.seen[:2] == ["secured", "write"]
        assert client.seen.count("write") == 1
        assert client.data == b"now\n"


def test_output_that_waits_for_the_handshake_does_not_make_the_loop_spin() -> None:
    """There is room for it all the time; what it waits for is the peer."""
    with EventLoop(debug=True) as loop:
        ours, theirs = socket.socketpair()
        server = Echo(loop, ours)
        server.start_tls(certificates().server(), server_side=True)
        server.push(b"welcome\n")
        settle(loop)
        assert deliveries(loop) == 0
        theirs.close()


def test_alpn_sni_and_client_certificates() -> None:
    asked: list[str | None] = []
    serving, asking = certificates().server(), certificates().client()
    serving.set_alpn_protocols(["lines", "other"])
    asking.set_alpn_protocols(["lines"])
    serving.sni_callback = lambda sslobj, name, context: asked.append(name)
    serving.verify_mode = ssl.CERT_REQUIRED
    certificates().authority.configure_trust(serving)
    certificates().alice.configure_cert(asking)
    with EventLoop(debug=True) as loop:
        ours, theirs = socket.socketpair()
        server, client = Echo(loop, ours), Secure(loop, theirs)
        server.start_tls(serving, server_side=True)
        client.start_tls(asking, server_hostname="localhost")
        settle(loop)
        assert asked == ["localhost"]
        assert server.tls is not None
        assert server.tls.selected_alpn_protocol() == "lines"
        assert ("email", "alice@example.org") in (server.tls.getpeercert() or {})["subjectAltName"]


def test_a_client_without_its_certificate_is_told_by_an_alert() -> None:
    serving = certificates().server()
    serving.verify_mode = ssl.CERT_REQUIRED
    with EventLoop(debug=True) as loop:
        ours, theirs = socket.socketpair()
        server, client = Echo(loop, ours), Secure(loop, theirs)
        server.start_tls(serving, server_side=True)
        client.start_tls(certificates().client(), server_hostname="localhost")
        settle(loop)
        assert server.seen == ["close"]
        assert "PEER_DID_NOT_RETURN_A_CERTIFICATE" in str(server.error)
        assert client.seen == ["secured", "close"]  # in TLS 1.3 a client hears of it afterwards
        assert "CERTIFICATE_REQUIRED" in str(client.error)


def test_a_wrong_name_is_refused_with_the_reason() -> None:
    with EventLoop(debug=True) as loop:
        ours, theirs = socket.socketpair()
        server, client = Echo(loop, ours), Secure(loop, theirs)
        server.start_tls(certificates().server(), server_side=True)
        client.start_tls(certificates().client(), server_hostname="example.org")
        settle(loop)
        assert client.seen == server.seen == ["close"]
        assert isinstance(client.error, ssl.SSLCertVerificationError)
        assert "example.org" in str(client.error)
        assert "ALERT" in str(server.error)  # the client's reason arrives before its end


@pytest.mark.parametrize("garbage", [b"GET / HTTP/1.0\r\n\r\n", b"\0" * 4096, b"\x16\x03\x01\xff"])
def test_garbage_is_reported_with_a_reason(garbage: bytes) -> None:
    with EventLoop(debug=True) as loop:
        ours, theirs = socket.socketpair()
        server = Echo(loop, ours)
        server.start_tls(certificates().server(), server_side=True)
        with theirs:
            theirs.send(garbage)
            theirs.shutdown(socket.SHUT_WR)
            settle(loop)
        assert server.seen == ["close"]
        assert isinstance(server.error, ssl.SSLError)
        assert ("HTTP_REQUEST" in str(server.error)) == garbage.startswith(b"GET")


def test_an_alert_is_not_overtaken_by_a_reset() -> None:
    with EventLoop(debug=True) as loop:
        ours, theirs = socket.socketpair()
        server = Echo(loop, ours)
        server.start_tls(certificates().server(ssl.TLSVersion.TLSv1_3), server_side=True)
        hello = ssl.MemoryBIO()
        peer = certificates().client(ssl.TLSVersion.TLSv1_2)
        with theirs:
            theirs.setblocking(False)
            with suppress(ssl.SSLWantReadError):
                peer.wrap_bio(ssl.MemoryBIO(), hello, False, "localhost").do_handshake()
            theirs.send(hello.read() + bytes(100_000))
            settle(loop)
            assert server.seen == ["close"]
            assert theirs.recv(100)[:1] == b"\x15"
            assert theirs.recv(100) == b""  # an end, and no reset


@pytest.mark.parametrize("server_side", [True, False])
def test_a_handshake_has_a_deadline(server_side: bool, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "miniloop")
    clock = FakeClock()
    with EventLoop(debug=True, clock=clock) as loop:
        ours, theirs = socket.socketpair()
        channel = Echo(loop, ours)
        context = certificates().server() if server_side else certificates().client()
        name = None if server_side else "localhost"
        channel.start_tls(context, server_side=server_side, server_hostname=name, timeout=7)
        with theirs:
            theirs.send(b"\x16\x03\x01")
            clock.advance(6.9)
            assert deliveries(loop) <= 2  # no spin: at most the three bytes, and the hello
            assert channel.seen == []
            clock.advance(0.2)
            settle(loop)
            assert channel.seen == ["close"]
            assert isinstance(channel.error, TimeoutError)
            assert "7 seconds" in str(channel.error)
            (record,) = caplog.records
            assert "no TLS handshake within 7 seconds" in record.getMessage()


def test_no_deadline_is_left_behind() -> None:
    with ends() as (loop, server, client):
        assert inspection.timers(loop, 9) == []
        client.close()
        settle(loop)
        assert server.closed
        loop.run()  # returns at once: neither channel nor timer is left


@pytest.mark.parametrize("when", ["secured", "close"])
def test_an_exception_in_a_handler_ends_that_channel_only(
    when: str, caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(Secure):
        def handle_secured(self) -> None:
            super().handle_secured()
            if when == "secured":
                raise ValueError("on purpose")

        def handle_close(self) -> None:
            super().handle_close()
            if when == "close":
                raise ValueError("on purpose")

    with EventLoop(debug=True) as loop:
        ours, theirs = socket.socketpair()
        server, client = Failing(loop, ours), Secure(loop, theirs)
        server.start_tls(certificates().server(), server_side=True)
        client.start_tls(certificates().client(), server_hostname="localhost")
        settle(loop)
        client.close()
        settle(loop)
        assert server.seen == ["secured", "close"]
        assert server.closed
        assert "on purpose" in caplog.text


def test_output_that_waits_for_the_handshake_is_bounded_too() -> None:
    with EventLoop(debug=True) as loop:
        ours, theirs = socket.socketpair()
        server = Echo(loop, ours)
        server.max_output = 1000
        server.start_tls(certificates().server(), server_side=True)
        server.push(b"x" * 1001)
        with theirs:
            settle(loop)
            assert not server.closed
            server.push(b"y")
            settle(loop)
        assert server.seen == ["close"]
        assert isinstance(server.error, OSError)
        assert server.error.errno == errno.ENOBUFS


def test_a_half_close_during_the_handshake_follows_it() -> None:
    with EventLoop(debug=True) as loop:
        ours, theirs = socket.socketpair()
        server, client = Recording(loop, ours), Secure(loop, theirs)
        server.start_tls(certificates().server(), server_side=True)
        server.close_write()
        client.start_tls(certificates().client(), server_hostname="localhost")
        settle(loop)
        assert client.seen == ["secured", "close"]
        assert client.error is None


def test_close_in_mid_handshake_calls_nothing() -> None:
    with EventLoop(debug=True) as loop:
        ours, theirs = socket.socketpair()
        server, client = Echo(loop, ours), Secure(loop, theirs)
        server.start_tls(certificates().server(), server_side=True)
        client.close()
        server.close()
        loop.run_once(0)
        assert inspection.timers(loop, 9) == []  # no deadline is left behind
        loop.run()
        assert server.seen == client.seen == []


def test_close_when_done_in_mid_handshake_waits_for_what_is_queued() -> None:
    with EventLoop(debug=True) as loop:
        ours, theirs = socket.socketpair()
        server, client = Secure(loop, ours), Secure(loop, theirs)
        server.start_tls(certificates().server(), server_side=True)
        server.push(b"hello and goodbye\n")
        server.close_when_done()
        client.start_tls(certificates().client(), server_hostname="localhost")
        settle(loop, 20)
        assert client.lines == [b"hello and goodbye"]
        assert server.seen == client.seen == ["secured", "close"]
        assert client.error is None
