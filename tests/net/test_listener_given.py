"""A listener on a socket that is open already, and on a port that several share."""

import errno
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from miniloop import EventLoop, Listener
from miniloop.testing import GENTLE, SimulatedNetwork
from miniloop.trace import inspection
from tests.driving import tcp_pair
from tests.net.test_listener import Echo, ask


def listening() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


def listening_on_ipv6() -> socket.socket:
    return socket.create_server(("::1", 0), family=socket.AF_INET6)


def bound() -> socket.socket:
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    return sock


def inherited() -> socket.socket:
    """Known by its number, as after ``exec()``."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return socket.socket(fileno=os.dup(sock.fileno()))


@pytest.mark.parametrize("make", [listening, listening_on_ipv6, bound, inherited])
def test_a_socket_that_is_open_already(loop: EventLoop, make: Callable[[], socket.socket]) -> None:
    sock = make()
    address = sock.getsockname()
    listener = Listener(loop, factory=Echo, sock=sock)
    assert (listener.address, listener.addresses, listener.addr) == (address, [address], address)
    with socket.create_connection(address[:2]) as client:
        assert ask(loop, client) == b"hello\n"
    listener.close()
    assert sock.fileno() == -1


@pytest.mark.needs("unix sockets")
def test_the_file_of_a_unix_socket_belongs_to_who_made_it(loop: EventLoop, tmp_path: Path) -> None:
    path = str(tmp_path / "door")
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(path)
    listener = Listener(loop, factory=Echo, sock=sock)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        assert ask(loop, client) == b"hello\n"
    listener.close()
    assert os.path.exists(path)


def datagram() -> socket.socket:
    return socket.socket(type=socket.SOCK_DGRAM)


def connected() -> socket.socket:
    ours, theirs = tcp_pair()
    theirs.close()
    return ours


@pytest.mark.parametrize(
    ("make", "reason"),
    [(datagram, "needs a stream socket"), (connected, "without a connection")],
)
def test_a_socket_that_cannot_listen_stays_the_callers(
    loop: EventLoop, make: Callable[[], socket.socket], reason: str
) -> None:
    with make() as sock:
        with pytest.raises(ValueError, match=reason):
            Listener(loop, factory=Echo, sock=sock)
        assert sock.fileno() != -1
    assert inspection.registrations(loop) == []


def test_a_closed_socket(loop: EventLoop) -> None:
    sock = listening()
    sock.close()
    with pytest.raises(OSError, match=r"Bad file descriptor|not a socket") as caught:
        Listener(loop, factory=Echo, sock=sock)
    assert caught.value.errno == errno.EBADF


@pytest.mark.parametrize(
    "options",
    [
        {"address": ("127.0.0.1", 0)},
        {"address": "path"},
        {"family": socket.AF_INET6},
        {"reuse_port": True},
    ],
)
def test_what_does_not_go_with_it(loop: EventLoop, options: dict[str, Any]) -> None:
    with listening() as sock, pytest.raises(TypeError, match="sock is open already: leave out"):
        Listener(loop, factory=Echo, sock=sock, **options)


def test_neither_address_nor_socket_nor_factory(loop: EventLoop) -> None:
    with pytest.raises(TypeError, match=r"an address is \(host, port\).*None"):
        Listener(loop, factory=Echo)
    with listening() as sock, pytest.raises(TypeError, match=r"factory\(loop, sock\)"):
        Listener(loop, sock=sock)


def test_on_the_simulated_network() -> None:
    net = SimulatedNetwork(3, faults=GENTLE)
    with net.loop() as loop:
        sock = net.socket()
        sock.bind(("127.0.0.1", 80))
        Listener(loop, factory=Echo, sock=sock)
        peer = net.connect(("127.0.0.1", 80))
        net.settle()
        assert peer.connected


# -- SO_REUSEPORT ----------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(socket, "SO_REUSEPORT"), reason="this system has no SO_REUSEPORT")
@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "", "localhost"])
def test_several_listeners_share_a_port(loop: EventLoop, host: str) -> None:
    made: list[int] = []

    def factory(number: int) -> Callable[[EventLoop, socket.socket], None]:
        def make(loop: EventLoop, sock: socket.socket) -> None:
            Echo(loop, sock)
            made.append(number)

        return make

    first = Listener(loop, (host, 0), factory(0), reuse_port=True)
    port = first.address[1]
    second = Listener(loop, (host, port), factory(1), reuse_port=True)
    assert first.addresses == second.addresses
    with pytest.raises(OSError, match="in use"):
        Listener(loop, (host, port), Echo)
    for _ in range(40):
        with socket.create_connection(first.address[:2]) as client:
            assert ask(loop, client) == b"hello\n"
    assert set(made) == {0, 1}


def test_where_the_system_has_none(loop: EventLoop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "SO_REUSEPORT", raising=False)
    with pytest.raises(OSError, match="no SO_REUSEPORT: leave out reuse_port") as caught:
        Listener(loop, ("127.0.0.1", 0), Echo, reuse_port=True)
    assert caught.value.errno == errno.ENOTSUP


@pytest.mark.needs("unix sockets")
def test_a_path_is_not_shared(loop: EventLoop, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"reuse_port is for \(host, port\)"):
        Listener(loop, tmp_path / "door", Echo, reuse_port=True)
    assert not (tmp_path / "door").exists()
