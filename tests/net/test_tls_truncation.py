"""A TLS connection that is cut off is told apart from one that ended, wherever the cut is."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress

import pytest

from miniloop import EventLoop
from miniloop.testing import FakeClock
from tests.certificates import certificates, lenient, strict
from tests.driving import receive, settle
from tests.net.tls_ends import Option, Secure, against_ssl, both_versions, read

EOF = ("SSL", "UNEXPECTED_EOF_WHILE_READING")  # as OpenSSL calls it
both_options = pytest.mark.parametrize("option", [strict, lenient])


@pytest.mark.needs("hang-ups")
@pytest.mark.parametrize("paused", [False, True])
@both_versions
@both_options
def test_a_connection_that_is_cut_off_ends_with_an_error(
    option: Option, version: ssl.TLSVersion, paused: bool
) -> None:
    with against_ssl(Secure, version, option=option) as (loop, _, channel, peer):
        peer.send(b"whole\nhal")
        settle(loop)
        assert read(peer) == b""  # the session tickets: left unread, they would cause a reset
        if paused:
            channel.pause_reading()
        socket.socket(fileno=peer.detach()).close()
        settle(loop)
        assert channel.lines == [b"whole"]
        assert channel.seen == ["secured", "close"]
        assert isinstance(channel.error, ssl.SSLEOFError)
        assert "the peer ended the connection without a close_notify" in str(channel.error)
        assert (channel.error.library, channel.error.reason) == EOF


def cut_short(
    sock: socket.socket, context: ssl.SSLContext, name: str | None, handshake: int, rest: int
) -> Iterator[None]:
    """Be Python's own TLS on ``sock``: shake hands, send a line, close in order; then end TCP.

    Only the first bytes leave: ``handshake`` of the handshake, ``rest`` of what follows it.  A
    step of the generator answers what has arrived.
    """
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, name is None, name)
    secured = False
    while not secured:
        yield
        incoming.write(receive(sock))
        with suppress(ssl.SSLWantReadError):
            tls.do_handshake()
            secured = True
        data = outgoing.read()
        sock.send(data[:handshake])
        handshake -= len(data)
        if handshake < 0:
            break
    else:
        with suppress(ssl.SSLWantReadError):
            tls.write(b"hello\n")
            tls.unwrap()
        sock.send(outgoing.read()[:rest])
    sock.shutdown(socket.SHUT_WR)


def after_the_cut(
    option: Option, version: ssl.TLSVersion, server_side: bool, handshake: int, rest: int
) -> Secure:
    """Return our end of a connection whose peer was cut off there."""
    serving, asking = certificates().server(version), certificates().client(version)
    ours, theirs = (serving, asking) if server_side else (asking, serving)
    our_name, their_name = (None, "localhost") if server_side else ("localhost", None)
    with EventLoop(debug=True, clock=FakeClock()) as loop:
        near, far = socket.socketpair()
        channel = Secure(loop, near)
        channel.start_tls(option(ours), server_side=server_side, server_hostname=our_name)
        with far:
            far.setblocking(False)
            for _ in cut_short(far, theirs, their_name, handshake, rest):
                settle(loop, 3)
            settle(loop)
    return channel


@pytest.mark.parametrize("server_side", [True, False])
@both_versions
@both_options
def test_a_cut_in_the_handshake(option: Option, version: ssl.TLSVersion, server_side: bool) -> None:
    for handshake in range(0, 10_000, 50):
        channel = after_the_cut(option, version, server_side, handshake, 0)
        if "secured" in channel.seen:
            break
        assert channel.seen == ["close"]
        assert isinstance(channel.error, ssl.SSLEOFError)
        assert "the peer ended the connection during the TLS handshake" in str(channel.error)
        assert (channel.error.library, channel.error.reason) == EOF
    assert 200 < handshake < 10_000
    assert isinstance(channel.error, ssl.SSLEOFError)


@pytest.mark.parametrize("server_side", [True, False])
@both_versions
@both_options
def test_close_notify_is_the_only_orderly_end_wherever_the_connection_is_cut(
    option: Option, version: ssl.TLSVersion, server_side: bool
) -> None:
    whole = after_the_cut(option, version, server_side, 10_000, 10_000)
    assert (whole.seen, whole.lines, whole.error) == (["secured", "close"], [b"hello"], None)
    cut: list[list[bytes]] = []
    for rest in range(10_000):
        channel = after_the_cut(option, version, server_side, 10_000, rest)
        assert channel.seen == ["secured", "close"]
        if channel.error is None:
            break
        assert isinstance(channel.error, ssl.SSLEOFError)
        cut.append(channel.lines)
    assert channel.lines == [b"hello"]
    assert cut == sorted(cut)
    assert (cut[0], cut[-1]) == ([], [b"hello"])  # within the line's record, within the alert's
    assert len(cut) > 40
