"""Both ends of a TLS connection over socketpairs, cut and stopped at will."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar, cast

import pytest

from miniloop import Dispatcher, EventLoop
from miniloop.net.tls_socket import RECORD, TlsSocket
from miniloop.readiness import Registration
from miniloop.testing import FakeClock
from miniloop.trace import inspection
from tests.certificates import certificates, strict
from tests.driving import Lines, receive, run_until, settle

Kind = TypeVar("Kind", bound=Dispatcher)
Option = Callable[[ssl.SSLContext], ssl.SSLContext]
VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
both_versions = pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)


class Secure(Lines):
    """Lines over TLS, from the start."""

    def __init__(self, loop: EventLoop, sock: socket.socket) -> None:
        super().__init__(loop, sock)
        self.set_terminator(b"\n")

    def handle_secured(self) -> None:
        self.seen.append("secured")


class Echo(Secure):
    def handle_line(self, line: bytes) -> None:
        self.push(line + b"\n")


class Relay:
    """Stands between two ends and passes on as many bytes as it is told."""

    def __init__(self, stack: ExitStack) -> None:
        self.ours, near = socket.socketpair()
        self.theirs, far = socket.socketpair()
        for end in (near, far):
            end.setblocking(False)
            stack.enter_context(end)
        self.near, self.far = near, far
        self.held = {near: b"", far: b""}
        self.passed = {near: 0, far: 0}

    def step(self, most: int) -> bool:
        """Pass on at most ``most`` bytes in each direction; return whether there were any."""
        moved = False
        for source, target in ((self.near, self.far), (self.far, self.near)):
            self.held[source] += receive(source)
            piece = self.held[source][:most]
            if piece:
                target.send(piece)
                self.held[source] = self.held[source][most:]
                self.passed[source] += len(piece)
                moved = True
        return moved


@contextmanager
def relayed() -> Iterator[tuple[EventLoop, Relay]]:
    with ExitStack() as stack:
        loop = stack.enter_context(EventLoop(debug=True))
        yield loop, Relay(stack)


@contextmanager
def ends(
    server: type[Lines] = Echo, version: ssl.TLSVersion | None = None
) -> Iterator[tuple[EventLoop, Lines, Lines]]:
    """A server's and a client's end on one loop, the handshake done."""
    with EventLoop(debug=True, clock=FakeClock()) as loop:
        ours, theirs = socket.socketpair()
        first, second = server(loop, ours), Secure(loop, theirs)
        first.start_tls(certificates().server(version), server_side=True)
        second.start_tls(certificates().client(version), server_hostname="localhost")
        settle(loop)
        assert first.seen == second.seen == ["secured"]
        yield loop, first, second


@contextmanager
def against_ssl(
    kind: Callable[[EventLoop, socket.socket], Kind],
    version: ssl.TLSVersion | None = None,
    debug: bool = True,
    option: Option = strict,
) -> Iterator[tuple[EventLoop, FakeClock, Kind, ssl.SSLSocket]]:
    """Our server's end, and Python's own TLS on the other, the handshake done."""
    clock = FakeClock()
    with EventLoop(debug=debug, clock=clock) as loop:
        ours, theirs = socket.socketpair()
        channel = kind(loop, ours)
        channel.start_tls(option(certificates().server(version)), server_side=True)
        theirs.setblocking(False)
        with certificates().client(version).wrap_socket(
            theirs, server_hostname="localhost", do_handshake_on_connect=False,
            suppress_ragged_eofs=False,
        ) as peer:  # fmt: skip
            run_until(loop, lambda: shaken(peer))
            settle(loop)
            yield loop, clock, channel, peer


def shaken(peer: ssl.SSLSocket) -> bool:
    try:
        peer.do_handshake()
    except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return False
    return True


def read(peer: ssl.SSLSocket) -> bytes:
    """Everything that has arrived; b"" at its end too."""
    data = b""
    try:
        while piece := peer.recv(65536):
            data += piece
    except ssl.SSLWantReadError:
        pass
    return data


class Renegotiating:
    """OpenSSL's object, which takes a record at a time, and needs input for some."""

    def __init__(self, real: ssl.SSLObject, times: int, after: int) -> None:
        self._real = real
        self._times = times
        self._after = after

    @classmethod
    def over(cls, tls: TlsSocket, times: int, *, after: int = 0) -> None:
        """Let so many writes need input first, after the first ones."""
        tls.ssl_object = cast(ssl.SSLObject, cls(tls.ssl_object, times, after))

    def write(self, data: memoryview) -> int:
        self._after -= 1
        if self._after < 0 and self._times:
            self._times -= 1
            raise ssl.SSLWantReadError
        return self._real.write(data[:RECORD])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def watched_for(loop: EventLoop, channel: Dispatcher) -> int:
    """Return the readiness bits that the selector was given for a channel under TLS."""
    return registration_of(loop, channel).interest


def registration_of(loop: EventLoop, channel: Dispatcher) -> Registration:
    found = [each for each in inspection.registrations(loop) if each.fd == channel.fileno()]
    assert len(found) == 1
    return found[0]


def unsent(channel: Dispatcher) -> int:
    """Return how many bytes of records wait for room in the kernel's buffer."""
    return len(tls_socket(channel).unsent)


def tls_socket(channel: Dispatcher) -> TlsSocket:
    sock: object = channel.socket
    assert isinstance(sock, TlsSocket)
    return sock
