"""The simulated epoll object, and the order of what it reports."""

import errno
import random
import socket

import pytest

from miniloop import EventLoop
from miniloop.selectors.poll import POLLIN, POLLOUT
from miniloop.testing import GENTLE, Faults, SimulatedNetwork
from miniloop.testing.choices import Choices
from miniloop.testing.driver import Driver
from miniloop.testing.epoll import SimulatedEpoll
from miniloop.testing.kernel import Kernel
from miniloop.testing.syscalls import new_pair
from tests.driving import Recording


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


@pytest.fixture
def kernel() -> Kernel:
    return Kernel(Choices(1, GENTLE), None, 10)


@pytest.fixture
def epoll(kernel: Kernel) -> SimulatedEpoll:
    return SimulatedEpoll(kernel, Driver(kernel, 1000))


def test_it_refuses_as_the_kernel_does(kernel: Kernel, epoll: SimulatedEpoll) -> None:
    sock, _ = new_pair(kernel)
    epoll.register(sock.fileno(), POLLIN)
    with pytest.raises(FileExistsError):
        epoll.register(sock.fileno(), POLLIN)
    epoll.unregister(sock.fileno())
    with pytest.raises(FileNotFoundError):
        epoll.modify(sock.fileno(), POLLIN)
    with pytest.raises(FileNotFoundError):
        epoll.unregister(sock.fileno())
    sock.close()
    with pytest.raises(OSError, match="Bad file descriptor") as caught:
        epoll.register(9, POLLIN)
    assert caught.value.errno == errno.EBADF
    with pytest.raises(RuntimeError, match="no descriptor"):
        epoll.fileno()


def test_it_is_level_triggered(kernel: Kernel, epoll: SimulatedEpoll) -> None:
    ours, theirs = new_pair(kernel)
    fd = ours.fileno()
    epoll.register(fd, POLLIN)
    assert epoll.poll(0) == []
    theirs.send(b"ab")
    assert epoll.poll(1) == [(fd, POLLIN)]  # the wait ends with the arrival
    assert epoll.poll(0) == [(fd, POLLIN)]
    ours.recv(2)
    assert epoll.poll(0) == []
    epoll.modify(fd, POLLIN | POLLOUT)
    assert epoll.poll(0) == [(fd, POLLOUT)]


def test_closed_files_and_a_closed_set_watch_nothing(kernel: Kernel, epoll: SimulatedEpoll) -> None:
    (first, _), (second, _) = new_pair(kernel), new_pair(kernel)
    for sock in (first, second):
        epoll.register(sock.fileno(), POLLOUT)
    first.close()
    assert epoll.poll(0) == [(second.fileno(), POLLOUT)]
    epoll.close()
    assert epoll.poll(0) == []


def test_a_wait_lasts_for_its_timeout(kernel: Kernel, epoll: SimulatedEpoll) -> None:
    begun = kernel.timeline.now
    assert epoll.poll(5) == []
    assert kernel.timeline.now - begun == 5
    with pytest.raises(RuntimeError, match="wait for ever"):
        epoll.poll(None)
