"""What is sent to a server, and awaited from it: plain blocking sockets and tight loops.

The load must be quicker than any server, or it is measured itself. So there is no event loop here:
methods are bound beforehand, and the connections are served in two half-groups. While the server
answers one half, the other half's answers are fetched and its next messages sent; the server
always has work waiting and is never waited for with nothing to do.

Every load has `step()`, which returns the number of messages that came back, and `check()`, which
exchanges distinguishable messages once and compares every byte.
"""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

LINE = 64  # bytes, with the newline
PATIENCE = 20  # seconds without an answer after which the server counts as dead
WHOLE = socket.MSG_WAITALL  # receive all that was asked for: on a stream, less may come at once
BATCH = 256  # connections opened before they are used: fewer than the server's backlog

Address = tuple[str, int]
Send = Callable[[bytes], int | None]
Receive = Callable[[int, int], bytes]


def line(number: int) -> bytes:
    """Return a 64-byte line that no other number gives."""
    return b"%0*d\n" % (LINE - 1, number)


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

    def step(self) -> int:
        """Do a bit of work and return how many messages it was."""


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
        count: How many connections.
        lines: Lines in one message, sent with one call.
    """

    def __init__(self, address: Address, count: int, lines: int = 1) -> None:
        super().__init__(address, count)
        self.lines = lines
        self.message = b"".join(line(number) for number in range(lines))
        self.primed = False

    def check(self) -> None:
        """Send other lines on every connection, and only then compare what comes back."""
        for number, sock in enumerate(self.socks):
            sock.sendall(b"".join(line(number + i) for i in range(self.lines)))
        for number, sock in enumerate(self.socks):
            expect(sock, b"".join(line(number + i) for i in range(self.lines)))

    def step(self) -> int:
        """Fetch each connection's answer and send its next message, one half after the other."""
        if not self.primed:
            self.prime()
        message, size = self.message, len(self.message)
        for sends, receives in self.halves:
            for receive in receives:
                receive(size, WHOLE)
            for send in sends:
                send(message)
        return self.count * self.lines

    def prime(self) -> None:
        """Bind the methods, and put one message under way on every connection."""
        middle = (self.count + 1) // 2
        groups = [self.socks[:middle], self.socks[middle:]]
        self.halves: list[tuple[list[Send], list[Receive]]] = [
            ([sock.sendall for sock in group], [sock.recv for sock in group]) for group in groups
        ]
        for sock in self.socks:
            sock.sendall(self.message)
        self.primed = True


class Room(Connections):
    """One member speaks several lines at once; all members, the speaker too, receive them.

    The next burst is sent when half of the members have heard the last one. The server has then
    received that one entirely and still has half of the sending to do: it is kept busy, and two
    bursts never meet in one receive, which would make them more lines at once.

    Args:
        address: The server's.
        count: How many members.
        lines: Lines spoken at once.
    """

    def __init__(self, address: Address, count: int, lines: int) -> None:
        super().__init__(address, count, answered=False)
        self.lines = lines
        self.text = b"".join(line(number) for number in range(lines))

    def __enter__(self) -> Self:
        """Let everybody in."""
        super().__enter__()
        # Connections are accepted in order: when the last one's words arrive, all are in the room.
        self.speak: Send = self.socks[-1].sendall
        self.ears: list[Receive] = [sock.recv for sock in self.socks]
        self.primed = False
        return self

    def check(self) -> None:
        """Speak once and compare what each member hears."""
        self.speak(self.text)
        for sock in self.socks:
            expect(sock, self.text)

    def step(self) -> int:
        """Let everybody hear one burst, and have the next one spoken halfway through."""
        if not self.primed:
            self.speak(self.text)
            self.primed = True
        middle = self.count // 2
        self.hear(self.ears[:middle])
        self.speak(self.text)
        self.hear(self.ears[middle:])
        return self.count * self.lines

    def hear(self, ears: list[Receive]) -> None:
        """Fetch one burst from each of these members.

        Raises:
            RuntimeError: The server closed a connection; such a one gives nothing, and at once.
        """
        size = len(self.text)
        if sum([len(receive(size, WHOLE)) for receive in ears]) != size * len(ears):
            raise RuntimeError("the server closed a member's connection")


class Visits:
    """Connect, send one line, receive it back, close; so many visits under way at a time."""

    def __init__(self, address: Address, count: int) -> None:
        self.address = address
        self.groups: list[list[socket.socket]] = [[], []]
        self.size = (count + 1) // 2

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for group in self.groups:
            for sock in group:
                sock.close()

    def check(self) -> None:
        """Make some visits one after the other, with other lines."""
        for number in range(2 * self.size):
            with connect(self.address) as sock:
                exchange(sock, line(number))

    def step(self) -> int:
        """Finish one half's visits and begin as many, then the other half's."""
        address, message, new = self.address, line(0), socket.socket
        finished = 0
        for group in self.groups:
            for sock in group:
                if len(sock.recv(LINE, WHOLE)) != LINE:
                    raise RuntimeError("the server closed a connection without an answer")
                sock.close()
            finished += len(group)
            group.clear()
            for _ in range(self.size):
                sock = new()
                group.append(sock)
                sock.connect(address)
                sock.send(message)
        return finished
