"""Simulated datagrams under real dispatchers."""

import socket
from typing import Any

import pytest

from miniloop import Dispatcher
from miniloop.testing import GENTLE, Faults, SimulatedNetwork
from miniloop.testing.datagrams import ROOM


class Mailbox(Dispatcher):
    """Keeps what comes, and sends it back in capitals."""

    answering = False

    def open(self, port: int = 0) -> "Mailbox":
        self.mail: list[bytes] = []
        self.create_socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.bind(("127.0.0.1", port))
        return self

    def handle_read(self) -> None:
        data, sender = self.recvfrom()
        if sender is not None:
            self.mail.append(data)
            if self.answering:
                self.sendto(data.upper(), sender)


def exchange(net: SimulatedNetwork, letters: list[bytes]) -> tuple[list[bytes], list[bytes]]:
    with net.loop() as loop:
        server, client = Mailbox(loop).open(53), Mailbox(loop).open()
        server.answering = True
        for letter in letters:
            client.sendto(letter, ("127.0.0.1", 53))
        net.settle()
        return server.mail, client.mail


def test_there_and_back() -> None:
    net = SimulatedNetwork(1, faults=GENTLE)
    assert exchange(net, [b"a", b"", b"b"]) == ([b"a", b"", b"b"], [b"A", b"", b"B"])
    assert net.open_sockets == []


def test_they_overtake_each_other_and_get_lost_and_doubled() -> None:
    letters = [bytes([65 + number]) for number in range(26)]
    orders = [exchange(SimulatedNetwork(seed), letters)[0] for seed in range(5)]
    assert all(sorted(order) == letters != order for order in orders)
    faults = Faults(datagram_lost=0.3, datagram_doubled=0.3)
    arrived, _ = exchange(SimulatedNetwork(1, faults=faults), letters)
    assert set(arrived) < set(letters)
    assert any(arrived.count(letter) == 2 for letter in letters)


def test_what_finds_no_room_is_lost() -> None:
    net = SimulatedNetwork(1, faults=GENTLE)
    left, right = (net.socket(type=socket.SOCK_DGRAM) for _ in range(2))
    right.bind(("", 53))
    right.setblocking(False)
    for _ in range(2 * ROOM // 60000):
        left.sendto(bytes(60000), ("anywhere", 53))
    net.settle()
    assert [len(right.recv(70000)) for _ in range(ROOM // 60000)] == [60000] * (ROOM // 60000)
    with pytest.raises(BlockingIOError):
        right.recv(1)


def test_connected_ones_learn_that_nobody_is_there() -> None:
    net = SimulatedNetwork(1, faults=GENTLE)
    sock = net.socket(type=socket.SOCK_DGRAM)
    sock.connect(("server", 53))
    sock.send(b"hello")
    net.settle()
    with pytest.raises(ConnectionRefusedError):
        sock.recv(1)
    assert sock.getpeername() == ("server", 53)


def test_connected_ones_hear_one_sender_only() -> None:
    net = SimulatedNetwork(1, faults=GENTLE)
    a, b, c = (net.socket(type=socket.SOCK_DGRAM) for _ in range(3))
    for port, sock in enumerate((a, b, c), 1):
        sock.bind(("h", port))
    a.connect(("h", 2))
    b.sendto(b"friend", ("h", 1))
    c.sendto(b"stranger", ("h", 1))
    net.settle()
    assert a.recv(100, socket.MSG_PEEK) == b"friend"
    assert a.recv(3) == b"fri"
    with pytest.raises(RuntimeError, match="would have to wait"):
        a.recv(100)


@pytest.mark.parametrize(
    ("name", "args", "complaint"),
    [
        ("send", (b"x",), "Destination address required"),
        ("getpeername", (), "not connected"),
        ("sendto", (bytes(70000), ("h", 1)), "Message too long"),
        ("bind", (("h", 1),), "in use"),
    ],
)
def test_refusals(name: str, args: tuple[Any, ...], complaint: str) -> None:
    net = SimulatedNetwork(1)
    net.socket(type=socket.SOCK_DGRAM).bind(("h", 1))
    with net.socket(type=socket.SOCK_DGRAM) as sock, pytest.raises(OSError, match=complaint):
        getattr(sock, name)(*args)
