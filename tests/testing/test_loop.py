"""The simulated loop: names, wakers and the epoll set below."""

import errno
import random
import socket

import pytest

from miniloop import EventLoop, Listener
from miniloop.readiness import READ
from miniloop.testing import GENTLE, Faults, SimulatedNetwork
from tests.driving import Lines, Recording


@pytest.fixture
def net() -> SimulatedNetwork:
    return SimulatedNetwork(1, faults=GENTLE)


# -- names ----------------------------------------------------------------------------------------


def named(loop: EventLoop, host: str) -> Recording:
    channel = Recording(loop)
    channel.connect_to(host, 80)
    return channel


def test_a_name_leads_to_its_first_address_that_answers(net: SimulatedNetwork) -> None:
    net.hosts["web"] = ["2001:db8::1", "10.0.0.1"]
    server = net.listen(("10.0.0.1", 80))
    net.refuse(("2001:db8::1", 80), errno.ETIMEDOUT)
    with net.loop() as loop:
        begun = net.now
        channel = named(loop, "web")
        net.run_until(lambda: channel.connected)
        assert net.now - begun == pytest.approx(0.25, abs=0.01)  # RFC 8305's delay
        assert len(server.peers) == 1


def test_a_host_that_listens_needs_no_entry(net: SimulatedNetwork) -> None:
    net.listen(("server", 80))
    with net.loop() as loop:
        channel = named(loop, "server")
        net.run_until(lambda: channel.connected)


def test_an_unknown_name_fails(net: SimulatedNetwork) -> None:
    with net.loop() as loop:
        channel = named(loop, "nowhere")
        net.run_until(lambda: channel.closed)
        assert channel.seen == ["failed gaierror"]
        assert isinstance(channel.error, socket.gaierror)


def test_names_are_known_after_a_stop_too(net: SimulatedNetwork) -> None:
    net.listen(("server", 80))
    with net.loop() as loop:
        loop.stop()
        loop.run()
        channel = named(loop, "server")
        net.run_until(lambda: channel.connected)


# -- epoll and the waker ---------------------------------------------------------------------------


@pytest.mark.needs("guests")
def test_no_real_descriptor_is_opened(net: SimulatedNetwork) -> None:
    with socket.socket() as probe:
        before = probe.fileno()
    with net.loop() as loop:
        Listener(loop, ("server", 1), Lines)
        net.connect(("server", 1))
        net.settle()
        with socket.socket() as probe:
            assert probe.fileno() == before
        with pytest.raises(RuntimeError, match="no descriptor"):
            loop.fileno()


def test_what_is_ready_comes_in_any_order_and_spuriously() -> None:
    orders = set()
    for seed in range(30):
        net = SimulatedNetwork(random.Random(seed), faults=Faults(shuffle=1, spurious=0.2))
        with net.loop() as loop:
            pairs = [net.socketpair() for _ in range(3)]
            order: list[int] = []
            for number, (ours, theirs) in enumerate(pairs):
                Noting(loop, ours, number, order)
                theirs.send(b"x")
            net.settle()
            assert sorted(order) == [0, 1, 2]
            orders.add(tuple(order))
    assert len(orders) == 6


class Noting(Recording):
    def __init__(self, loop: EventLoop, sock: socket.socket, number: int, order: list[int]) -> None:
        super().__init__(loop, sock)
        self.number, self.order = number, order

    def handle_read(self) -> None:
        if self.recv():
            self.order.append(self.number)


def test_the_epoll_set_refuses_as_the_kernel_does(net: SimulatedNetwork) -> None:
    with net.loop() as loop:
        kernel = loop._epoll._kernel
        sock, _ = net.socketpair()
        kernel.register(sock.fileno(), READ)
        with pytest.raises(FileExistsError):
            kernel.register(sock.fileno(), READ)
        kernel.unregister(sock.fileno())
        with pytest.raises(FileNotFoundError):
            kernel.modify(sock.fileno(), READ)
        sock.close()
        with pytest.raises(OSError, match="Bad file descriptor"):
            kernel.register(3000, READ)
