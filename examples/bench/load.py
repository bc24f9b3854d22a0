"""What is sent to a server, and awaited from it: the connections, and what goes over them.

The connections of a load are served in two halves. While the server answers one half, the other
half's answers are fetched and its next messages sent, so the server always has work waiting. The
loops that do it are in `loops.c`, or `python_loops.py` where there is no compiler.

Every load has `run()`, which keeps a server busy for a while and counts the lines that came back,
and `check()`, which exchanges distinguishable messages once and compares every byte.
"""

from __future__ import annotations

import socket
import struct
import sys
from dataclasses import replace
from types import TracebackType
from typing import Protocol, Self

from .loops import PATIENCE, Loops, Sample
from .process import Address

LINE = 64  # bytes, with the newline
WHOLE = socket.MSG_WAITALL  # receive all that was asked for: on a stream, less may come at once
BATCH = 256  # connections opened before they are used: fewer than the server's backlog


def line(number: int, size: int = LINE) -> bytes:
    """Return a line of `size` bytes, the newline included, that no other number gives."""
    return b"%0*d\n" % (size - 1, number)


def connect(address: Address, patience: float = PATIENCE) -> socket.socket:
    """Return a blocking connection with the kernel's own time limit on it.

    `settimeout` would make the socket non-blocking and poll before each call: twice the cost.

    Args:
        address: The server's.
        patience: Seconds that connecting, one receive or one send may take.
    """
    sock = socket.create_connection(address, timeout=patience)
    sock.settimeout(None)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if sys.platform != "win32":
        whole = int(patience)
        limit = struct.pack("ll", whole, int((patience - whole) * 1e6))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
    return sock


def exchange(sock: socket.socket, message: bytes) -> None:
    """Send a message and insist on getting the same back.

    Raises:
        RuntimeError: The answer is another one.
    """
    sock.sendall(message)
    expect(sock, message)


def expect(sock: socket.socket, message: bytes) -> None:
    """Insist on receiving exactly this.

    Raises:
        RuntimeError: Something else came, or the end.
    """
    got = sock.recv(len(message), WHOLE)
    if got != message:
        raise RuntimeError(f"expected {message[:80]!r}..., the server sent {got[:80]!r}...")


class Load(Protocol):
    """What the measuring needs of a load; the connections are open inside the `with` block."""

    def __enter__(self) -> Self:
        """Open the connections."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        """Close them."""

    def check(self) -> None:
        """Exchange distinguishable messages once; RuntimeError if the answers are wrong."""

    def run(self, seconds: float) -> Sample:
        """Keep the server busy for so long; the sample counts lines."""


class Connections:
    """A number of open connections; the base of the loads.

    Args:
        address: The server's.
        count: How many connections.
        answered: Whether the server answers each connection by itself. Then one line is exchanged
            on each, which shows that it was accepted and keeps the server's backlog short.
    """

    def __init__(self, address: Address, count: int, answered: bool = True) -> None:
        self.address = address
        self.count = count
        self.answered = answered
        self.socks: list[socket.socket] = []

    def __enter__(self) -> Self:
        try:
            while len(self.socks) < self.count:
                size = min(BATCH, self.count - len(self.socks))
                fresh = [self.open() for _ in range(size)]
                for sock in fresh if self.answered else []:
                    exchange(sock, line(0))
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def open(self) -> socket.socket:
        """Open one more connection."""
        sock = connect(self.address)
        self.socks.append(sock)
        return sock

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for sock in self.socks:
            sock.close()
        self.socks.clear()


class Echoes(Connections):
    """Messages of one or more lines on many connections; each comes back as it was sent.

    Args:
        address: The server's.
        loops: What sends and receives.
        count: How many connections.
        lines: Lines in one message, sent with one call.
        size: Bytes of one line, the newline included.
    """

    def __init__(
        self, address: Address, loops: Loops, count: int, lines: int = 1, size: int = LINE
    ) -> None:
        super().__init__(address, count)
        self.loops = loops
        self.lines = lines
        self.size = size
        self.message = self.numbered(0)
        self.primed = False

    def numbered(self, first: int) -> bytes:
        """Return a message whose lines are numbered from `first` on."""
        return b"".join(line(first + number, self.size) for number in range(self.lines))

    def check(self) -> None:
        """Send other lines on every connection, and only then compare what comes back."""
        for number, sock in enumerate(self.socks):
            sock.sendall(self.numbered(number))
        for number, sock in enumerate(self.socks):
            expect(sock, self.numbered(number))

    def run(self, seconds: float) -> Sample:
        """Keep one message under way on every connection."""
        if not self.primed:
            for sock in self.socks:
                sock.sendall(self.message)
            self.primed = True
        return times(self.lines, self.loops.echoes(self.socks, self.message, seconds))


class Room(Connections):
    """One member speaks one or more lines at once; all members, the speaker too, receive them.

    The next lines are sent when half of the members have heard the last ones. The server has then
    received those entirely and still has half of the sending to do: it is kept busy, and two
    messages never meet in one receive, which would make them more lines at once.

    Args:
        address: The server's.
        loops: What sends and receives.
        count: How many members.
        lines: Lines spoken at once.
    """

    def __init__(self, address: Address, loops: Loops, count: int, lines: int) -> None:
        super().__init__(address, count, answered=False)
        self.loops = loops
        self.lines = lines
        self.text = b"".join(line(number) for number in range(lines))
        self.primed = False

    def check(self) -> None:
        """Speak once and compare what each member hears.

        Connections are accepted in order: when the last member's lines arrive, all are in the room.
        """
        self.socks[-1].sendall(self.text)
        for sock in self.socks:
            expect(sock, self.text)

    def run(self, seconds: float) -> Sample:
        """Keep one message under way to all; count it once for each member."""
        if not self.primed:
            self.socks[-1].sendall(self.text)
            self.primed = True
        return times(self.lines, self.loops.room(self.socks, self.text, seconds))


class Visits:
    """Connect, send one line, receive it back, close; so many visits under way at a time."""

    def __init__(self, address: Address, loops: Loops, count: int) -> None:
        self.address = address
        self.loops = loops
        self.count = count

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Leave nothing: each run ends its visits."""

    def check(self) -> None:
        """Make some visits one after the other, with other lines."""
        for number in range(self.count):
            with connect(self.address) as sock:
                exchange(sock, line(number))

    def run(self, seconds: float) -> Sample:
        """Visit."""
        return self.loops.visits(self.address, self.count, line(0), seconds)


def times(lines: int, sample: Sample) -> Sample:
    """Return a sample that counts the lines of its messages."""
    return replace(sample, messages=sample.messages * lines)
