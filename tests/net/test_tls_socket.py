"""A socket that speaks TLS, without a loop: what it raises, returns and reports, call by call."""

import errno
import os
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from miniloop.net.tls_socket import MOST_AT_ONCE, RECORD, TlsSocket
from tests.certificates import certificates
from tests.doubles import Sees
from tests.net.tls_ends import Renegotiating


class Wire(socket.socket):
    """A real socket whose next call of a method may fail."""

    failing: dict[str, OSError]

    def _may_fail(self, name: str) -> None:
        if name in self.failing:
            raise self.failing.pop(name)

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        self._may_fail("recv")
        return super().recv(size, flags)

    def send(self, data: Any, flags: int = 0, /) -> int:
        self._may_fail("send")
        return super().send(data, flags)


class End:
    """One end: its TLS socket, the wire below it, and what was reported."""

    def __init__(self, sock: socket.socket, context: ssl.SSLContext, name: str | None) -> None:
        sock.setblocking(False)
        self.wire = Wire(fileno=sock.detach())
        self.wire.failing = {}
        self.sees = Sees()
        self.tls = TlsSocket(
            self.wire, context, server_side=name is None, server_hostname=name,
            changed=self.sees.note("changed"), closed=self.sees.note("closed"),
        )  # fmt: skip


@pytest.fixture
def ends() -> Iterator[tuple[End, End]]:
    """A server's end and a client's, before the handshake."""
    ours, theirs = socket.socketpair()
    server = End(ours, certificates().server(), None)
    client = End(theirs, certificates().client(), "localhost")
    with server.wire, client.wire:
        yield server, client


@pytest.fixture
def secured(ends: tuple[End, End]) -> tuple[End, End]:
    """The two ends after the handshake, with nothing on its way."""
    server, client = ends
    shake(server, client)
    with suppress(BlockingIOError):
        client.tls.recv()  # the session tickets
    server.sees.clear()
    client.sees.clear()
    return server, client


def shake(*ends: End) -> None:
    for _ in range(4):
        for end in ends:
            if not end.tls.secured:
                end.tls.handshake()
    assert all(end.tls.secured for end in ends)


RESET = ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")


# -- the handshake -------------------------------------------------------------------------------


def test_nothing_is_sent_or_received_before_the_handshake(ends: tuple[End, End]) -> None:
    for call in (ends[0].tls.recv, lambda: ends[0].tls.send(b"early")):
        with pytest.raises(BlockingIOError):
            call()


def test_a_reset_in_the_handshake_is_raised_as_it_is(ends: tuple[End, End]) -> None:
    server, _ = ends
    server.wire.failing["recv"] = RESET
    with pytest.raises(ConnectionResetError) as caught:
        server.tls.handshake()
    assert caught.value is RESET
    assert not server.tls.secured


def test_a_half_close_in_the_handshake_follows_it(ends: tuple[End, End]) -> None:
    server, client = ends
    server.tls.shutdown(socket.SHUT_WR)
    shake(server, client)
    assert client.tls.recv() == b""
    assert client.tls.eof


def test_a_client_that_checks_names_needs_one() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(ValueError, match="give server_hostname"):
        TlsSocket(
            ours, certificates().client(), server_side=False, server_hostname=None, changed=int,
            closed=int,
        )  # fmt: skip


# -- receiving -----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_the_bytes_and_then_the_end_in_pieces_of_any_size(
    secured: tuple[End, End], size: int
) -> None:
    server, client = secured
    client.tls.send(b"hello")
    client.tls.shutdown(socket.SHUT_WR)
    pieces: list[bytes] = []
    while piece := server.tls.recv(size):
        pieces.append(piece)
    assert b"".join(pieces) == b"hello"
    assert max(map(len, pieces)) <= size
    assert server.tls.recv(size) == b""


def test_a_peek_takes_nothing(secured: tuple[End, End]) -> None:
    server, client = secured
    client.tls.send(b"hello")
    assert server.tls.recv(1, socket.MSG_PEEK) == b"h"
    assert server.tls.ready()
    assert server.tls.recv(9) == b"hello"
    assert not server.tls.ready()


def test_asking_for_no_bytes_asks_nothing(secured: tuple[End, End]) -> None:
    server, client = secured
    client.tls.shutdown(socket.SHUT_WR)
    assert server.tls.recv(0) == b""
    assert not server.tls.eof


def test_what_stays_behind_is_announced(secured: tuple[End, End]) -> None:
    server, client = secured
    client.tls.send(b"hello")
    server.tls.recv(2)
    assert server.tls.ready()
    assert server.sees == ["changed"]
    server.tls.recv(3)
    assert server.sees == ["changed"]


@pytest.mark.parametrize("before", [b"", b"last words"])
def test_a_reset_is_an_error_and_no_end(secured: tuple[End, End], before: bytes) -> None:
    server, client = secured
    if before:
        client.tls.send(before)
        assert server.tls.recv() == before
    server.wire.failing["recv"] = RESET
    with pytest.raises(ConnectionResetError):
        server.tls.recv()
    assert not server.tls.eof
    assert not server.tls.ready()  # it was reported


def test_a_connection_that_is_cut_off_is_an_error_and_no_end(secured: tuple[End, End]) -> None:
    server, client = secured
    client.wire.shutdown(socket.SHUT_WR)
    with pytest.raises(ssl.SSLEOFError):
        server.tls.recv()
    assert not server.tls.eof


def test_the_end_waits_for_the_records_that_were_encrypted_before(
    secured: tuple[End, End],
) -> None:
    server, client = secured
    client.tls.shutdown(socket.SHUT_WR)
    server.tls.unsent = b"a record"
    with pytest.raises(BlockingIOError):
        server.tls.recv()
    assert server.tls.eof
    assert not server.tls.ready()
    server.tls.unsent = b""
    assert server.tls.ready()
    assert server.tls.recv() == b""
    assert not server.tls.ready()


def test_what_follows_the_end_is_not_looked_at(secured: tuple[End, End]) -> None:
    server, client = secured
    client.tls.shutdown(socket.SHUT_WR)
    assert server.tls.recv() == b""
    client.wire.send(b"no record at all")
    assert server.tls.recv() == b""
    assert not server.tls.ready()


# -- sending -------------------------------------------------------------------------------------


def test_a_bounded_number_of_bytes_is_taken_at_once(secured: tuple[End, End]) -> None:
    server, _ = secured
    assert server.tls.send(bytes(3 * MOST_AT_ONCE)) == MOST_AT_ONCE
    assert server.tls.unsent
    assert "changed" in server.sees
    with pytest.raises(BlockingIOError):
        server.tls.send(b"more")


@pytest.mark.parametrize("data", [b"12345", bytearray(b"12345"), memoryview(b"12345")])
def test_everything_like_bytes_is_sent(
    secured: tuple[End, End], data: bytes | bytearray | memoryview
) -> None:
    server, client = secured
    assert server.tls.send(data) == 5
    assert client.tls.recv() == b"12345"


def test_nothing_is_sent_after_a_half_close(secured: tuple[End, End]) -> None:
    server, client = secured
    server.tls.shutdown(socket.SHUT_WR)
    with pytest.raises(BrokenPipeError):
        server.tls.send(b"more")
    assert client.tls.recv() == b""


def test_output_that_waits_for_input_says_so(secured: tuple[End, End]) -> None:
    server, client = secured
    Renegotiating.over(server.tls, 1)
    with pytest.raises(BlockingIOError, match="renegotiates"):
        server.tls.send(b"later")
    assert server.tls.write_wants_read
    assert server.sees == ["changed"]
    with pytest.raises(BlockingIOError):
        server.tls.send(b"later")
    server.tls.write_wants_read = False
    assert server.tls.send(b"later") == 5
    assert client.tls.recv() == b"later"


def test_what_was_taken_before_a_renegotiation_is_counted(secured: tuple[End, End]) -> None:
    server, client = secured
    Renegotiating.over(server.tls, 1, after=1)
    assert server.tls.send(bytes(2 * RECORD)) == RECORD
    assert server.tls.write_wants_read
    assert len(client.tls.recv()) == RECORD


def test_nothing_to_send_is_sent_at_any_time(secured: tuple[End, End]) -> None:
    assert secured[0].tls.send(b"") == 0


def test_a_reset_while_sending_is_raised(secured: tuple[End, End]) -> None:
    server, _ = secured
    server.wire.failing["send"] = RESET
    with pytest.raises(ConnectionResetError):
        server.tls.send(b"anything")


# -- the end -------------------------------------------------------------------------------------


@pytest.mark.parametrize("unread", [False, True])
def test_close_says_goodbye_and_reports_once(secured: tuple[End, End], unread: bool) -> None:
    server, client = secured
    if unread:
        client.tls.send(b"not read")
    server.tls.close()
    server.tls.close()
    assert server.tls.fileno() == -1
    assert server.sees.count("closed") == 1
    assert client.wire.recv(1)[:1] in (b"\x15", b"\x17")  # close_notify, in TLS 1.3 disguised


def test_close_in_a_forked_child_says_nothing(
    secured: tuple[End, End], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, client = secured
    pid = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: pid + 1)
    server.tls.close()
    assert client.wire.recv(1) == b""


def test_detaching_leaves_the_descriptor_open(secured: tuple[End, End]) -> None:
    server, client = secured
    fd = server.wire.fileno()
    assert server.tls.detach() == fd
    assert server.sees == ["closed"]
    with socket.socket(fileno=fd) as sock:
        sock.send(b"plain")
        assert client.wire.recv(9) == b"plain"


def test_the_alert_of_a_failure_is_sent_and_input_is_forgotten(ends: tuple[End, End]) -> None:
    server, client = ends
    client.wire.send(b"GET / HTTP/1.0\r\n\r\n" + bytes(100_000))
    with pytest.raises(ssl.SSLError):
        server.tls.handshake()
    with pytest.raises(ssl.SSLError):
        server.tls.handshake()
    server.tls.close()
    client.wire.recv(1000)
    assert client.wire.recv(1) == b""  # an end, and no reset


def test_the_alert_of_a_bad_record_is_sent_at_once(secured: tuple[End, End]) -> None:
    server, client = secured
    client.wire.send(b"\x17\x03\x03\x00\x20" + bytes(32))
    with pytest.raises(ssl.SSLError):
        server.tls.recv()
    with pytest.raises(ssl.SSLError, match=r"(?i)alert"):
        client.tls.recv()


def test_the_questions_of_a_socket_go_to_the_socket(ends: tuple[End, End]) -> None:
    server, _ = ends
    calls: list[tuple[Callable[[], Any], Callable[[], Any]]] = [
        (server.tls.fileno, server.wire.fileno),
        (server.tls.getsockname, server.wire.getsockname),
        (server.tls.getpeername, server.wire.getpeername),
    ]
    for ours, theirs in calls:
        assert ours() == theirs()
    server.tls.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    assert server.tls.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
