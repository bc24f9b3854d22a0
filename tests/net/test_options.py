"""The hook for a socket's options: TCP_NODELAY by default, once for each connected stream."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from miniloop import AsyncChat, Dispatcher, EventLoop, Listener
from miniloop.net.options import send_at_once
from miniloop.testing import GENTLE, SimulatedNetwork
from miniloop.trace import inspection
from tests.certificates import certificates
from tests.driving import Lines, reset, run_until, settle, tcp_pair
from tests.net.tls_ends import Secure

FAMILIES = pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6], ids=["v4", "v6"])
HOSTS: dict[int, str] = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}


class Noting(Lines):
    """Notes for which sockets the hook is called, and in which state."""

    def __init__(self, loop: EventLoop, sock: socket.socket | None = None) -> None:
        self.sockets: list[socket.socket] = []
        super().__init__(loop, sock)

    def handle_socket(self, sock: socket.socket) -> None:
        super().handle_socket(sock)
        self.sockets.append(sock)

    def handle_connect(self) -> None:
        assert self._datagram_ or self.sockets == [self.socket]  # before this
        self.seen.append("connect")


class Waiting(Noting):
    """Nagle's algorithm, as before: the way out."""

    def handle_socket(self, sock: socket.socket) -> None:
        self.sockets.append(sock)


def nodelay(channel: Dispatcher) -> bool:
    return bool(channel.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))


@contextmanager
def accepted(
    loop: EventLoop, family: int, kind: type[Noting]
) -> Iterator[tuple[Noting, Listener, socket.socket]]:
    made: list[Noting] = []
    listener = Listener(loop, (HOSTS[family], 0), lambda *args: made.append(kind(*args)))
    with socket.create_connection(listener.address[:2]) as client:
        run_until(loop, lambda: made)
        yield made[0], listener, client


@FAMILIES
def test_accepted(loop: EventLoop, family: int) -> None:
    with accepted(loop, family, Noting) as (channel, listener, _):
        assert nodelay(channel)
        assert channel.sockets == [channel.socket]
        assert not nodelay(listener)  # Linux would hand the option on, past an override


@FAMILIES
def test_the_way_out(loop: EventLoop, family: int) -> None:
    with accepted(loop, family, Waiting) as (channel, _, _):
        assert not nodelay(channel)


@FAMILIES
@pytest.mark.parametrize("kind", [Noting, Waiting])
@pytest.mark.parametrize("by_name", [False, True])
def test_connected(loop: EventLoop, family: int, kind: type[Noting], by_name: bool) -> None:
    with socket.create_server((HOSTS[family], 0), family=family) as server:
        channel = kind(loop)
        if by_name:
            channel.connect_to(*server.getsockname()[:2])
        else:
            channel.create_socket(family)
            channel.connect(server.getsockname())
        assert channel.sockets == []
        run_until(loop, lambda: channel.seen)
        assert len(channel.sockets) == 1
        assert nodelay(channel) == (kind is Noting)


@FAMILIES
def test_given(loop: EventLoop, family: int) -> None:
    ours, theirs = tcp_pair(family)
    with theirs:
        channel = Noting(loop, ours)
        assert channel.sockets == [ours]
        assert nodelay(channel)


def test_a_losing_attempt_of_a_connect_by_name_is_not_taken_over() -> None:
    net = SimulatedNetwork(5, faults=GENTLE)
    net.hosts["both"] = ["::1", "127.0.0.1"]
    server = net.listen(("127.0.0.1", 80))
    net.refuse(("::1", 80))
    with net.loop() as loop:
        channel = Noting(loop)
        channel.connect_to("both", 80)
        net.run_until(lambda: channel.seen)
        assert channel.sockets == [channel.socket]
        assert nodelay(channel)
        assert len(server.peers) == 1


def test_not_again_under_tls(loop: EventLoop) -> None:
    class Server(Noting, Secure):
        pass

    ours, theirs = tcp_pair()
    first, second = Server(loop, ours), Server(loop, theirs)
    first.start_tls(certificates().server(), server_side=True)
    second.start_tls(certificates().client(), server_hostname="localhost")
    settle(loop)
    run_until(loop, lambda: first.seen and second.seen)
    assert first.seen == second.seen == ["secured"]
    assert (first.sockets, second.sockets) == ([ours], [theirs])
    assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.needs("unix sockets")
def test_a_unix_stream_has_the_hook_and_no_such_option(loop: EventLoop) -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        assert Noting(loop, ours).sockets == [ours]


def test_datagrams_have_neither(loop: EventLoop) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        given = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        given.connect(peer.getsockname())
        made = Noting(loop)
        made.create_socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.connect(peer.getsockname())
        settle(loop)
        assert made.seen == ["connect"]
        assert Noting(loop, given).sockets == made.sockets == []


def test_a_connection_that_was_reset_already(loop: EventLoop) -> None:
    made: list[Noting] = []
    listener = Listener(loop, ("127.0.0.1", 0), lambda *args: made.append(Noting(*args)))
    reset(socket.create_connection(listener.address))
    run_until(loop, lambda: made and made[0].closed)
    assert made[0].seen == ["close"]


def test_a_system_that_refuses_options_of_a_dead_connection() -> None:
    """macOS does (EINVAL)."""

    class Dead:
        family = socket.AF_INET

        def setsockopt(self, *option: int) -> None:
            assert option == (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            raise OSError(22, "Invalid argument")

    send_at_once(Dead())  # type: ignore[arg-type]  # enough of a socket


def fails_in_the_constructor(loop: EventLoop, kind: type[Dispatcher]) -> None:
    ours, theirs = tcp_pair()
    with ours, theirs, pytest.raises(ZeroDivisionError):
        kind(loop, ours)


def fails_when_connected(loop: EventLoop, kind: type[Dispatcher]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        channel = kind(loop)
        channel.connect_to(*server.getsockname())
        run_until(loop, lambda: channel.closed)


@pytest.mark.parametrize("how", [fails_in_the_constructor, fails_when_connected])
def test_a_hook_that_raises_leaves_no_channel(
    loop: EventLoop, how: Callable[[EventLoop, type[Dispatcher]], None]
) -> None:
    class Failing(Dispatcher):
        def handle_socket(self, sock: socket.socket) -> None:
            raise ZeroDivisionError

    how(loop, Failing)
    assert inspection.registrations(loop) == []


def test_options_of_the_programs_own(loop: EventLoop) -> None:
    class Kept(AsyncChat):
        def handle_socket(self, sock: socket.socket) -> None:
            super().handle_socket(sock)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            self.peer = self.addr  # known by now

    ours, theirs = tcp_pair()
    with theirs:
        channel = Kept(loop, ours)
        assert channel.socket.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert channel.peer == theirs.getsockname()


def test_on_the_simulated_network() -> None:
    net = SimulatedNetwork(1, faults=GENTLE)
    with net.loop() as loop:
        made: list[Any] = []
        Listener(loop, ("127.0.0.1", 80), lambda *args: made.append(Noting(*args)))
        net.connect(("127.0.0.1", 80))
        net.run_until(lambda: made)
        assert nodelay(made[0])


class Telling(Noting):
    """Notes a handle_connect() that comes too late."""

    def handle_connect(self) -> None:
        self.seen.append("connect")


class Refused(Telling):
    """Turns every peer away."""

    def handle_socket(self, sock: socket.socket) -> None:
        super().handle_socket(sock)
        self.abort("not from there")


class Left(Telling):
    """Closes without a word."""

    def handle_socket(self, sock: socket.socket) -> None:
        super().handle_socket(sock)
        self.close()


TURNED_AWAY = pytest.mark.parametrize(
    ("kind", "seen"), [(Refused, ["close"]), (Left, [])], ids=["abort", "close"]
)


@TURNED_AWAY
def test_a_hook_that_closes_a_given_one(
    loop: EventLoop, kind: type[Noting], seen: list[str]
) -> None:
    ours, theirs = tcp_pair()
    with theirs:
        channel = kind(loop, ours)
        assert channel.closed
        assert ours.fileno() == -1
        assert inspection.registrations(loop) == []
        theirs.settimeout(5)
        assert theirs.recv(1) == b""
        assert channel.seen == seen


@TURNED_AWAY
@pytest.mark.parametrize("by_name", [False, True])
def test_a_hook_that_closes_when_connected(
    kind: type[Noting], seen: list[str], by_name: bool
) -> None:
    net = SimulatedNetwork(5, faults=GENTLE)
    net.hosts["server"] = ["10.0.0.1"]
    server = net.listen(("10.0.0.1", 80))
    with net.loop() as loop:
        channel = kind(loop)
        if by_name:
            channel.connect_to("server", 80)
        else:
            channel.create_socket()
            channel.connect(("10.0.0.1", 80))
        channel.push(b"never sent")
        net.run_until(lambda: channel.closed)
        net.settle()
        assert channel.seen == seen  # no "connect"
        assert inspection.registrations(loop) == []
        assert server.peers[0].received == b""
