"""Simulated sockets against the kernel's: the same operations, the same answers.

Each operation is done on both. Then both have to show the same readiness at all ends; the kernel is
given time for it, since it may do its part of the work on another processor.
"""

import errno
import fcntl
import select
import socket
import sys
import termios
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from miniloop.selectors.poll import POLLERR, POLLHUP, POLLIN, POLLOUT, POLLPRI, POLLRDHUP
from miniloop.testing import GENTLE, SimulatedNetwork
from tests.driving import LONGEST, tcp_pair

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="the simulation follows Linux, where others differ"
)

ALL = POLLIN | POLLOUT | POLLPRI | POLLRDHUP
PATIENCE = 1.0
"""Seconds: short, because hypothesis shrinks a failure in hundreds of tries; LONGEST elsewhere."""
ENDS = st.sampled_from([0, 1])
OPTIONS = st.sampled_from([socket.SO_ERROR, socket.SO_ACCEPTCONN, socket.SO_TYPE])


def outcome(operation: Callable[..., Any], *args: Any) -> Any:
    """What it returns, or the errno that it raises."""
    try:
        return operation(*args)
    except OSError as error:
        return f"E{error.errno} {errno.errorcode.get(error.errno or 0)}"


def kernel_bits(sock: socket.socket) -> int:
    if sock.fileno() < 0:
        return -1
    poll = select.poll()
    poll.register(sock, ALL)
    return dict(poll.poll(0)).get(sock.fileno(), 0)


def simulated_bits(sock: Any) -> int:
    bits = sock.poll() & (ALL | POLLERR | POLLHUP)
    return int(bits) if sock.fileno() >= 0 else -1


def arrived(sock: socket.socket) -> int:
    """The bytes that wait in the kernel, up to an urgent one."""
    if sock.fileno() < 0:
        return 0
    answer = outcome(fcntl.ioctl, sock, termios.FIONREAD, bytes(4))
    return int.from_bytes(answer, sys.byteorder) if isinstance(answer, bytes) else 0


def wait_for_bytes(pairs: list[tuple[Any, Any]]) -> None:
    """Readiness does not tell that more has come; an urgent byte would be counted otherwise."""
    deadline = time.monotonic() + PATIENCE
    for ours, real in pairs:
        if ours._end is None or ours._end.incoming.urgent_mark is not None:
            continue
        wanted = len(ours._end.incoming)
        while arrived(real) < wanted:
            assert time.monotonic() < deadline, f"{wanted} bytes, {arrived(real)}"


def agree(net: SimulatedNetwork, pairs: list[tuple[Any, Any]]) -> None:
    """Wait until the kernel shows what the simulation shows."""
    net.settle()
    wanted = [simulated_bits(ours) for ours, _ in pairs]
    deadline = time.monotonic() + PATIENCE
    while (found := [kernel_bits(real) for _, real in pairs]) != wanted:
        assert time.monotonic() < deadline, f"simulated {wanted}, kernel {found}"
    wait_for_bytes(pairs)


# -- connected -------------------------------------------------------------------------------------


class Connected(RuleBasedStateMachine):
    """Two ends of one connection, in whatever way they are used and ended."""

    def __init__(self) -> None:
        super().__init__()
        self.net = SimulatedNetwork(1, faults=GENTLE)
        self.ends = list(zip(simulated_pair(self.net), tcp_pair(), strict=True))
        for sock in (sock for end in self.ends for sock in end):
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 0)
            # Nagle's algorithm would keep a small piece until an earlier one is acknowledged.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def both(self, end: int, name: str, *args: Any) -> None:
        ours, real = (outcome(getattr(sock, name), *args) for sock in self.ends[end])
        assert ours == real, f"{name}{args}: simulated {ours}, kernel {real}"
        agree(self.net, self.ends)

    @rule(end=ENDS, size=st.integers(0, 5))
    def send(self, end: int, size: int) -> None:
        self.both(end, "send", bytes(range(65, 65 + size)))

    @rule(end=ENDS)
    def send_urgent(self, end: int) -> None:
        self.both(end, "send", b"abc!", socket.MSG_OOB)

    @rule(end=ENDS, size=st.integers(0, 12))
    def recv(self, end: int, size: int) -> None:
        self.both(end, "recv", size)

    @rule(end=ENDS, size=st.integers(1, 3))
    def peek(self, end: int, size: int) -> None:
        self.both(end, "recv", size, socket.MSG_PEEK)

    @rule(end=ENDS)
    def recv_urgent(self, end: int) -> None:
        self.both(end, "recv", 1, socket.MSG_OOB)

    @rule(end=ENDS)
    def urgent_data_stays_in_line(self, end: int) -> None:
        self.both(end, "setsockopt", socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)

    @rule(end=ENDS, how=st.sampled_from([socket.SHUT_RD, socket.SHUT_WR, socket.SHUT_RDWR]))
    def shutdown(self, end: int, how: int) -> None:
        self.both(end, "shutdown", how)

    @rule(end=ENDS)
    def close(self, end: int) -> None:
        self.both(end, "close")

    @rule(end=ENDS)
    def reset(self, end: int) -> None:
        linger = b"\x01\0\0\0\0\0\0\0"
        self.both(end, "setsockopt", socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.both(end, "close")

    @rule(end=ENDS, option=OPTIONS)
    def ask(self, end: int, option: int) -> None:
        self.both(end, "getsockopt", socket.SOL_SOCKET, option)

    @rule(end=ENDS)
    def who(self, end: int) -> None:
        ours, real = (outcome(sock.getpeername) for sock in self.ends[end])
        assert isinstance(ours, str) == isinstance(real, str), (ours, real)
        assert ours == real or not isinstance(ours, str)

    def teardown(self) -> None:
        for ours, real in self.ends:
            ours.close()
            real.close()
        assert self.net.open_sockets == []


def simulated_pair(net: SimulatedNetwork) -> tuple[Any, Any]:
    server, client = net.socket(), net.socket()
    server.setblocking(False)
    client.setblocking(False)
    server.bind(("server", 1))
    server.listen()
    assert client.connect_ex(("server", 1)) == errno.EINPROGRESS
    net.settle()
    accepted, _ = server.accept()
    server.close()
    return accepted, client


TestConnected = Connected.TestCase
TestConnected.settings = settings(max_examples=150, stateful_step_count=25)


# -- not connected yet -----------------------------------------------------------------------------


class Unconnected(RuleBasedStateMachine):
    """Two sockets, either of which may listen, and connect to the other."""

    def __init__(self) -> None:
        super().__init__()
        self.net = SimulatedNetwork(1, faults=GENTLE)
        self.sockets = [(self.net.socket(), socket.socket()) for _ in range(2)]
        self.bound = [False, False]
        self.tried = [False, False]
        self.accepted: list[tuple[Any, Any]] = []
        for sock in (sock for pair in self.sockets for sock in pair):
            sock.setblocking(False)

    def both(self, end: int, name: str, *args: Any) -> Any:
        ours, real = (outcome(getattr(sock, name), *args) for sock in self.sockets[end])
        assert ours == real, f"{name}{args}: simulated {ours}, kernel {real}"
        self.agree()
        return ours

    def agree(self) -> None:
        agree(self.net, [*self.sockets, *self.accepted])

    @rule(end=ENDS)
    def bind(self, end: int) -> None:
        """Before a connect only: a port that bind() chose is lost again when a connect fails."""
        if not self.tried[end] and self.both(end, "bind", ("127.0.0.1", 0)) is None:
            self.bound[end] = True

    @precondition(lambda self: any(self.bound))
    @rule(end=ENDS)
    def listen(self, end: int) -> None:
        if self.bound[end]:
            self.both(end, "listen", 5)

    @rule(end=ENDS)
    def connect(self, end: int) -> None:
        """To the other one, which may listen or not."""
        if self.bound[1 - end]:
            self.tried[end] = True
            pairs = zip(self.sockets[end], self.sockets[1 - end], strict=True)
            ours, real = (outcome(sock.connect_ex, other.getsockname()) for sock, other in pairs)
            assert ours == real or {ours, real} <= {errno.EINPROGRESS, errno.ECONNREFUSED}
            self.agree()

    @rule(end=ENDS)
    def accept(self, end: int) -> None:
        ours, real = (outcome(sock.accept) for sock in self.sockets[end])
        assert isinstance(ours, str) == isinstance(real, str), (ours, real)
        if isinstance(ours, str):
            assert ours == real
        else:
            self.accepted.append((ours[0], real[0]))
            assert real[0].getblocking() == ours[0].getblocking()
        self.agree()

    @rule(end=ENDS, size=st.integers(1, 3))
    def recv(self, end: int, size: int) -> None:
        self.both(end, "recv", size)

    @rule(end=ENDS)
    def send(self, end: int) -> None:
        self.both(end, "send", b"12345")

    @rule(end=ENDS)
    def finish(self, end: int) -> None:
        """Connected only: what Linux remembers of a refused shutdown() is nobody's wish."""
        if not isinstance(outcome(self.sockets[end][0].getpeername), str):
            self.both(end, "shutdown", socket.SHUT_WR)

    @rule(end=ENDS, option=OPTIONS)
    def ask(self, end: int, option: int) -> None:
        self.both(end, "getsockopt", socket.SOL_SOCKET, option)

    @rule(end=ENDS)
    def close(self, end: int) -> None:
        self.both(end, "close")
        self.bound[end] = False

    def teardown(self) -> None:
        for ours, real in [*self.sockets, *self.accepted]:
            ours.close()
            real.close()
        assert self.net.open_sockets == []


TestUnconnected = Unconnected.TestCase
TestUnconnected.settings = settings(max_examples=100, stateful_step_count=20)


def test_shutdown_without_a_connection() -> None:
    net = SimulatedNetwork(1)
    with net.socket() as ours, socket.socket() as real:
        assert outcome(ours.shutdown, 1) == outcome(real.shutdown, 1) == "E107 ENOTCONN"


# -- full buffers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["simulated", "kernel"])
def test_full_buffers(kind: str) -> None:
    """Sizes differ, and what is true of any size does not: both have to pass the same checks."""
    net = SimulatedNetwork(1, faults=GENTLE)
    left, right = simulated_pair(net) if kind == "simulated" else tcp_pair()
    bits = simulated_bits if kind == "simulated" else kernel_bits
    with left, right:
        left.setblocking(False)
        right.setblocking(False)
        pattern = bytes(range(256)) * 256
        sent = fill(net, left, pattern)
        assert not bits(left) & POLLOUT
        received = drain(net, right, sent)
        assert received == (pattern * (sent // len(pattern) + 1))[:sent]
        wait_until(net, lambda: bits(left) & POLLOUT)
        assert left.send(b"x") == 1


def fill(net: SimulatedNetwork, sock: Any, pattern: bytes) -> int:
    """Send the pattern over and over until nothing more is taken, now or later."""
    sent = 0
    silent_since = time.monotonic()
    while time.monotonic() < silent_since + 0.2:
        try:
            start = sent % len(pattern)
            sent += sock.send(pattern[start:])
            silent_since = time.monotonic()
        except BlockingIOError:
            net.settle()
    return sent


def drain(net: SimulatedNetwork, sock: Any, size: int) -> bytes:
    data = b""
    while len(data) < size:
        try:
            data += sock.recv(65536)
        except BlockingIOError:
            net.settle()
    return data


def wait_until(net: SimulatedNetwork, condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + LONGEST
    while not condition():
        net.settle()
        assert time.monotonic() < deadline
