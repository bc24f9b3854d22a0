"""A listener on both address families, and on an address of IPv6."""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from miniloop import EventLoop, Listener
from miniloop.net import listening
from miniloop.testing import GENTLE, SimulatedNetwork
from miniloop.trace import inspection
from tests.driving import run_until, settle
from tests.net.test_listener import Echo, ask

V4, V6 = socket.AF_INET, socket.AF_INET6
BOTH = pytest.mark.parametrize("host", ["", "localhost"])
PEERS = ("127.0.0.1", "::1")


@BOTH
def test_both_families_are_served_on_one_port(loop: EventLoop, host: str) -> None:
    listener = Listener(loop, (host, 0), Echo)
    port = listener.address[1]
    expected = listening.BOTH[host]
    assert listener.addresses == [(expected[0], port), (expected[1], port, 0, 0)]
    assert listener.address == listener.addresses[0]
    for peer in PEERS:
        with socket.create_connection((peer, port)) as client:
            assert ask(loop, client) == b"hello\n"


@BOTH
@pytest.mark.parametrize("family", [V4, V6])
def test_one_of_them_alone(loop: EventLoop, host: str, family: int) -> None:
    listener = Listener(loop, (host, 0), Echo, family=family)
    assert [len(address) for address in listener.addresses] == [2 if family == V4 else 4]
    served, refused = PEERS if family == V4 else PEERS[::-1]
    with socket.create_connection((served, listener.address[1])) as client:
        assert ask(loop, client) == b"hello\n"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((refused, listener.address[1]))


def test_all_of_ipv6_is_not_ipv4(loop: EventLoop) -> None:
    """On Linux it would be, by default; on Windows and OpenBSD never."""
    listener = Listener(loop, ("::", 0), Echo)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", listener.address[1]))
    other = Listener(loop, ("0.0.0.0", listener.address[1]), Echo)
    assert other.address[1] == listener.address[1]


def test_the_peers_address_is_of_its_own_family(loop: EventLoop) -> None:
    made: list[Echo] = []
    listener = Listener(loop, ("", 0), lambda *args: made.append(Echo(*args)))
    with socket.create_connection(("127.0.0.1", listener.address[1])) as client:
        run_until(loop, lambda: made)
        assert made[0].addr == client.getsockname()  # and not ::ffff:127.0.0.1


@contextmanager
def lacking(
    monkeypatch: pytest.MonkeyPatch, loop: EventLoop, family: int, number: int
) -> Iterator[None]:
    """Have this machine lack a family: it has no such sockets, or none of its addresses."""
    make = loop.new_socket

    class Unbindable(socket.socket):
        def bind(self, address: object) -> None:
            raise OSError(number, "as with no address of the family")

    def new_socket(kind: int, type: int, proto: int = 0) -> socket.socket:
        if kind != family:
            return make(kind, type, proto)
        if number == errno.EAFNOSUPPORT:
            raise OSError(number, "Address family not supported by protocol")
        return Unbindable(kind, type, proto)

    with monkeypatch.context() as patch:
        patch.setattr(loop, "new_socket", new_socket)
        yield


@BOTH
@pytest.mark.parametrize("family", [V4, V6])
@pytest.mark.parametrize("number", [errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL])
def test_a_machine_with_one_family(
    loop: EventLoop, monkeypatch: pytest.MonkeyPatch, host: str, family: int, number: int
) -> None:
    with lacking(monkeypatch, loop, family, number):
        listener = Listener(loop, (host, 0), Echo)
    assert len(listener.addresses) == 1
    peer = PEERS[1 if family == V4 else 0]
    with socket.create_connection((peer, listener.address[1])) as client:
        assert ask(loop, client) == b"hello\n"


def test_a_machine_with_neither(loop: EventLoop, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        lacking(monkeypatch, loop, V4, errno.EADDRNOTAVAIL),
        lacking(monkeypatch, loop, V6, errno.EAFNOSUPPORT),
        pytest.raises(OSError, match="no address of the family") as caught,
    ):
        Listener(loop, ("localhost", 0), Echo)
    assert caught.value.errno == errno.EADDRNOTAVAIL
    assert inspection.registrations(loop) == []


def test_the_family_that_was_chosen_must_be_there(
    loop: EventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        lacking(monkeypatch, loop, V6, errno.EAFNOSUPPORT),
        pytest.raises(OSError, match="not supported"),
    ):
        Listener(loop, ("", 0), Echo, family=V6)


@BOTH
def test_a_port_taken_in_one_family_is_taken(loop: EventLoop, host: str) -> None:
    with socket.create_server(("::1", 0), family=V6) as other:
        port = other.getsockname()[1]
        with pytest.raises(OSError, match=r"[Aa]ddress already in use"):
            Listener(loop, (host, port), Echo)
        assert inspection.registrations(loop) == []  # a socket left open would be a warning


def test_a_free_port_is_free_in_both_families(
    loop: EventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused: list[int] = []

    class Taken(socket.socket):
        def bind(self, address: Any) -> None:
            if len(refused) < 3:
                refused.append(address[1])
                raise OSError(errno.EADDRINUSE, "Address already in use")
            super().bind(address)

    make = loop.new_socket
    monkeypatch.setattr(
        loop,
        "new_socket",
        lambda family, kind, proto=0: (Taken if family == V6 else make)(family, kind, proto),
    )
    listener = Listener(loop, ("", 0), Echo)
    assert {address[1] for address in listener.addresses} == {listener.address[1]}
    assert len(refused) == 3
    refused.clear()
    monkeypatch.setattr(listening, "PORTS_TRIED", 2)
    with pytest.raises(OSError, match="already in use"):
        Listener(loop, ("", 0), Echo)
    assert len(refused) == 2
    refused.clear()
    listener.close()
    with pytest.raises(OSError, match="already in use"):
        Listener(loop, ("", listener.address[1]), Echo)
    assert len(refused) == 1  # this port or none


@BOTH
def test_closing_and_pausing_are_for_both(loop: EventLoop, host: str) -> None:
    made: list[Echo] = []
    listener = Listener(loop, (host, 0), lambda *args: made.append(Echo(*args)))
    port = listener.address[1]
    listener.pause_reading()
    clients = [socket.create_connection((peer, port)) for peer in PEERS]
    settle(loop)
    assert made == []
    listener.resume_reading()
    run_until(loop, lambda: len(made) == 2)
    for client in clients:
        client.close()
    listener.close()
    for peer in PEERS:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((peer, port))
    listener.close()


@pytest.mark.parametrize("peer", PEERS)
def test_it_may_close_while_it_accepts(loop: EventLoop, peer: str) -> None:
    def factory(loop: EventLoop, sock: socket.socket) -> None:
        Echo(loop, sock)
        listener.close()

    listener = Listener(loop, ("localhost", 0), factory)
    with socket.create_connection((peer, listener.address[1])) as client:
        assert ask(loop, client) == b"hello\n"
        kinds = [type(each.channel) for each in inspection.registrations(loop)]
        assert kinds == [Echo]


def test_an_override_is_called_for_both(loop: EventLoop) -> None:
    class Noting(Listener):
        seen: list[str] = []  # noqa: RUF012 - of this test only

        def handle_accepted(self, sock: socket.socket, addr: tuple[str, int]) -> None:
            self.seen.append(addr[0])
            super().handle_accepted(sock, addr)

    listener = Noting(loop, ("", 0), Echo)
    for peer in PEERS:
        with socket.create_connection((peer, listener.address[1])) as client:
            assert ask(loop, client) == b"hello\n"
    assert listener.seen == list(PEERS)


@pytest.mark.parametrize("peer", PEERS)
def test_a_factory_that_fails_costs_one_connection_of_either_family(
    loop: EventLoop, peer: str, caplog: pytest.LogCaptureFixture
) -> None:
    def factory(loop: EventLoop, sock: socket.socket) -> None:
        raise ZeroDivisionError

    listener = Listener(loop, ("localhost", 0), factory)
    with socket.create_connection((peer, listener.address[1])) as client:
        run_until(loop, lambda: caplog.records)
        assert client.recv(1) == b""
    assert "ZeroDivisionError" in caplog.text
    assert listener.accepting


@pytest.mark.parametrize("which", [0, 1])
def test_when_one_socket_is_lost_the_other_goes_too(loop: EventLoop, which: int) -> None:
    """Half of a server would go unnoticed."""
    listener = Listener(loop, ("localhost", 0), Echo)
    channels = [each.channel for each in inspection.registrations(loop)]
    channels[which].end()  # as the loop does for a descriptor that is gone
    assert listener.closed
    assert inspection.registrations(loop) == []


def test_stop_closes_both(loop: EventLoop) -> None:
    listener = Listener(loop, ("", 0), Echo)
    loop.call_soon(loop.stop)
    loop.run()
    assert listener.closed
    assert inspection.registrations(loop) == []


@pytest.mark.parametrize(
    ("address", "served"),
    [
        (("", 80), PEERS),
        (("localhost", 80), PEERS),
        (("::", 80), PEERS[1:]),
        (("0.0.0.0", 80), PEERS[:1]),
    ],
)
def test_on_the_simulated_network(address: tuple[str, int], served: tuple[str, ...]) -> None:
    net = SimulatedNetwork(2, faults=GENTLE)
    with net.loop() as loop:
        made: list[Echo] = []
        listener = Listener(loop, address, lambda *args: made.append(Echo(*args)))
        peers = {host: net.connect((host, 80)) for host in PEERS}
        net.settle()
        assert [host for host, peer in peers.items() if peer.connected] == list(served)
        assert sorted(channel.addr[0] for channel in made) == sorted(served)
        listener.close()
    assert net.open_sockets == []


def test_free_ports_on_the_simulated_network() -> None:
    net = SimulatedNetwork(2, faults=GENTLE)
    with net.loop() as loop:
        listener = Listener(loop, ("", 0), Echo)
        assert len({address[1] for address in listener.addresses}) == 1


@BOTH
def test_a_family_that_has_no_such_address(loop: EventLoop, host: str) -> None:
    with pytest.raises(TypeError, match="not of the family"):
        Listener(loop, (host, 0), Echo, family=socket.AF_UNSPEC)
    assert inspection.registrations(loop) == []
