"""Driving a loop from a test, pass by pass: no test sleeps to synchronise."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from miniloop import AsyncChat, Dispatcher, EventLoop, Trace
from miniloop.readiness import Registration
from miniloop.trace import inspection, install, remove

LONGEST = 20.0
"""Seconds until a test that waits for the kernel gives up; a healthy one needs milliseconds."""


def run_until(loop: EventLoop, done: Callable[[], object], passes: int = 100_000) -> int:
    """Run passes until ``done()``; return how many it took."""
    deadline = time.monotonic() + LONGEST
    for count in range(passes):
        if done():
            return count
        assert time.monotonic() < deadline, "it did not happen in time"
        loop.run_once(0.05)
    raise AssertionError(f"it did not happen in {passes} passes")


def settle(loop: EventLoop, passes: int = 12) -> None:
    """Run passes that do not wait: what a socketpair delivers is there at once."""
    for _ in range(passes):
        loop.run_once(0)


def deliveries(loop: EventLoop, passes: int = 100) -> int:
    """What is delivered, and called soon, in passes that do not wait."""

    class Counting(Trace):
        count = 0

        def before_delivery(self, registration: Registration, ready: int) -> None:
            self.count += 1

        def before_wait(self, timeout: float | None) -> None:
            self.count += bool(inspection.callbacks(loop, 1))

    install(loop, counting := Counting())
    settle(loop, passes)
    remove(loop, counting)
    return counting.count


@contextmanager
def pair(family: int | None = None) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two connected sockets, both closed afterwards; the second never blocks.

    Without a family they are what ``socket.socketpair()`` makes: UNIX sockets where there are any.
    """
    if family in (None, getattr(socket, "AF_UNIX", None)):
        ours, theirs = socket.socketpair()
    else:
        assert family is not None
        ours, theirs = tcp_pair(family)
    theirs.setblocking(False)
    with ours, theirs:
        yield ours, theirs


def tcp_pair(family: int = socket.AF_INET) -> tuple[socket.socket, socket.socket]:
    """The accepted and the connecting end of one TCP connection."""
    with socket.create_server(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0),
                              family=family) as server:  # fmt: skip
        theirs = socket.create_connection(server.getsockname()[:2])
        ours, _ = server.accept()
    return ours, theirs


def reset(sock: socket.socket) -> None:
    """Close so that the peer gets a reset instead of an end."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    sock.close()


def receive(sock: socket.socket) -> bytes:
    """Everything that has arrived; an end or a reset is the end of it."""
    data = b""
    while True:
        try:
            piece = sock.recv(1 << 20)
        except (BlockingIOError, ConnectionResetError):
            return data
        if not piece:
            return data
        data += piece


def fill(sock: socket.socket) -> int:
    """Send until the kernel takes no more; return the number of bytes."""
    size = 0
    sock.setblocking(False)
    try:
        while True:
            size += sock.send(b"f" * 65536)
    except BlockingIOError:
        return size


class Recording(Dispatcher):
    """Notes what is called."""

    def __init__(self, loop: EventLoop, sock: socket.socket | None = None) -> None:
        self.seen: list[str] = []
        self.data = b""
        super().__init__(loop, sock)

    def handle_read(self) -> None:
        data = self.recv()
        self.data += data
        self.seen.append("read" if data else "nothing")

    def handle_write(self) -> None:
        self.seen.append("write")

    def handle_connect(self) -> None:
        self.seen.append("connect")

    def handle_connect_error(self, error: OSError) -> None:
        self.seen.append(f"failed {type(error).__name__}")

    def handle_close(self) -> None:
        self.seen.append("close")

    def handle_idle(self) -> None:
        self.seen.append("idle")
        super().handle_idle()


class Careful(Dispatcher):
    """Answers with what it received, and asks for room without announcing it."""

    unsent = b""

    def readable(self) -> bool:
        return self.connected and not self.unsent

    def writable(self) -> bool:
        return bool(self.unsent)

    def handle_read(self) -> None:
        self.unsent += self.recv()

    def handle_write(self) -> None:
        self.unsent = self.unsent[self.send(self.unsent) :]


class Lines(AsyncChat):
    """Collects lines, and notes the rest of what is called."""

    def __init__(
        self, loop: EventLoop, sock: socket.socket | None = None, terminator: bytes | int = b"\n"
    ) -> None:
        self.lines: list[bytes] = []
        self.partial = b""
        self.seen: list[str] = []
        super().__init__(loop, sock)
        self.set_terminator(terminator)

    def collect_incoming_data(self, data: bytes) -> None:
        self.partial += data

    def found_terminator(self) -> None:
        line, self.partial = self.partial, b""
        self.lines.append(line)
        self.handle_line(line)

    def handle_line(self, line: bytes) -> None:
        """A hook for the test."""

    def handle_close(self) -> None:
        self.seen.append("close")

    def handle_high_water(self) -> None:
        self.seen.append("high")

    def handle_low_water(self) -> None:
        self.seen.append("low")
