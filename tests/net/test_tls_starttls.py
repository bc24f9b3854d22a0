"""STARTTLS: TLS that begins in the middle of a conversation, and misuse."""

import socket
import ssl
from contextlib import ExitStack

import pytest

from miniloop import Dispatcher, EventLoop
from miniloop.queued import QueuedDispatcher
from tests.certificates import certificates
from tests.driving import receive, settle
from tests.net.tls_ends import Echo, Secure, relayed


class StartTls(Secure):
    """Answers in the clear, then goes on under TLS."""

    resumes = False

    def handle_line(self, line: bytes) -> None:
        if line == b"STARTTLS":
            self.push(b"go ahead\n")
            self.start_tls(certificates().server(), server_side=True)
            if self.resumes:
                self.pause_reading()
                self.resume_reading()
            self.push(b"only under TLS\n")
        else:
            self.push(line + b"\n")


class Asking(Secure):
    def handle_line(self, line: bytes) -> None:
        if line == b"go ahead":
            self.start_tls(certificates().client(), server_hostname="localhost")
            self.push(b"hello\n")


def test_tls_in_mid_stream() -> None:
    with relayed() as (loop, relay):
        server, client = StartTls(loop, relay.ours), Asking(loop, relay.theirs)
        client.push(b"STARTTLS\n")
        wire = b""
        for _ in range(10):
            settle(loop)
            relay.step(1 << 20)
            wire += relay.held[relay.near]
        assert client.lines == [b"go ahead", b"only under TLS", b"hello"]
        assert client.seen == server.seen == ["secured"]
        assert b"only" not in wire


@pytest.mark.parametrize("resumes", [False, True])
@pytest.mark.parametrize("injected", [b"RCPT TO: thief\n", b"RCPT TO", b"\n\n\n", b"a\n" * 3000])
def test_what_is_injected_behind_starttls_is_never_delivered(
    injected: bytes, resumes: bool
) -> None:
    """CVE-2011-0411 and its kin: the bytes are no handshake, and nothing else."""
    with EventLoop(debug=True) as loop:
        ours, theirs = socket.socketpair()
        server = StartTls(loop, ours)
        server.resumes = resumes
        with theirs:
            theirs.setblocking(False)
            theirs.send(b"STARTTLS\n" + injected)
            settle(loop)
            theirs.shutdown(socket.SHUT_WR)
            settle(loop)
            assert receive(theirs).startswith(b"go ahead\n")
        assert server.lines == [b"STARTTLS"]
        assert server.partial == b""
        assert server.seen == ["close"]
        assert isinstance(server.error, ssl.SSLError)


def test_a_hello_that_did_not_wait_for_the_answer_is_a_hello() -> None:
    """MySQL's clients send it in the same packet; TLS protects what follows all the same."""
    with EventLoop(debug=True) as loop:
        ours, theirs = socket.socketpair()
        server = StartTls(loop, ours)
        with theirs:
            theirs.setblocking(False)
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            peer = certificates().client().wrap_bio(incoming, outgoing, False, "localhost")
            with pytest.raises(ssl.SSLWantReadError):
                peer.do_handshake()
            theirs.send(b"STARTTLS\n" + outgoing.read())
            settle(loop)
            answer = receive(theirs)
            assert answer.startswith(b"go ahead\n")
            incoming.write(answer.removeprefix(b"go ahead\n"))
            peer.do_handshake()
            theirs.send(outgoing.read())
            settle(loop)
            assert server.seen == ["secured"]


def test_a_client_may_not_leave_its_secrets_unprotected() -> None:
    with EventLoop(debug=True) as loop:
        ours, theirs = socket.socketpair()
        client = Secure(loop, ours)
        client.push(b"password\n")
        with theirs, pytest.raises(RuntimeError, match=r"push it after start_tls\(\)"):
            client.start_tls(certificates().client(), server_hostname="localhost")
        assert client.tls is None


def test_a_producer_that_waits_is_not_read_to_its_end() -> None:
    with EventLoop(debug=True) as loop:
        ours, theirs = socket.socketpair()
        server = Secure(loop, ours)
        server.push(iter(lambda: b"endless", None))
        with theirs, pytest.raises(RuntimeError, match="a producer waits"):
            server.start_tls(certificates().server(), server_side=True)
        assert server.tls is None


def test_misuse_is_refused_with_advice() -> None:
    with EventLoop(debug=True) as loop, ExitStack() as stack:
        serving = certificates().server()
        with pytest.raises(RuntimeError, match="handle_connect"):
            Dispatcher(loop).start_tls(serving)
        ours, theirs = socket.socketpair()
        stack.enter_context(theirs)
        channel = Echo(loop, ours)
        with pytest.raises(ValueError, match="above 0"):
            channel.start_tls(serving, server_side=True, timeout=0)
        with pytest.raises(ValueError, match="server_hostname"):
            channel.start_tls(certificates().client())
        channel.start_tls(serving, server_side=True)
        with pytest.raises(RuntimeError, match="without TLS"):
            channel.start_tls(serving, server_side=True)
        channel.close()
        with pytest.raises(RuntimeError, match="closed channel"):
            channel.start_tls(serving, server_side=True)
        more, theirs = socket.socketpair()
        stack.enter_context(theirs)
        leaving = QueuedDispatcher(loop, more)
        leaving.close_write()
        with pytest.raises(RuntimeError, match="after close_when_done"):
            leaving.start_tls(serving, server_side=True)
