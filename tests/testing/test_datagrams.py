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


def test_datagrams_are_reordered_lost_and_doubled() -> None:
    letters = [bytes([65 + number]) for number in range(26)]
    orders = [exchange(SimulatedNetwork(seed), letters)[0] for seed in range(5)]
    assert all(sorted(order) == letters != order for order in orders)
    faults = Faults(datagram_lost=0.3, datagram_doubled=0.3)
    arrived, _ = exchange(SimulatedNetwork(1, faults=faults), letters)
    assert set(arrived) < set(letters)
    assert any(arrived.count(letter) == 2 for letter in letters)


def test_a_datagram_beyond_the_buffer_is_lost() -> None:
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


def test_a_connected_socket_gets_the_error_of_an_unbound_address() -> None:
    net = SimulatedNetwork(1, faults=GENTLE)
    sock = net.socket(type=socket.SOCK_DGRAM)
    sock.connect(("server", 53))
    sock.send(b"hello")
    net.settle()
    with pytest.raises(ConnectionRefusedError):
        sock.recv(1)
    assert sock.getpeername() == ("server", 53)


def test_a_connected_socket_receives_from_one_sender_only() -> None:
    net = SimulatedNetwork(1, faults=GENTLE)
    a, b, c = (net.socket(type=socket.SOCK_DGRAM) for _ in range(3))
    for port, sock in enumerate((a, b, c), 1):
        sock.bind(("h", port))
    a.connect(("h", 2))
    b.sendto(b"expected", ("h", 1))
    c.sendto(b"other", ("h", 1))
    net.settle()
    assert a.recv(100, socket.MSG_PEEK) == b"expected"
    assert a.recv(3) == b"exp"
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


def test_a_datagram_arrives_after_its_sender_has_closed() -> None:
    net = SimulatedNetwork(1, faults=GENTLE)
    receiver, sender = (net.socket(type=socket.SOCK_DGRAM) for _ in range(2))
    receiver.bind(("h", 1))
    sender.bind(("h", 2))
    receiver.connect(("h", 2))
    sender.sendto(b"last", ("h", 1))
    sender.close()
    net.settle()
    assert receiver.recvfrom(9) == (b"last", ("h", 2))


def test_a_host_name_leads_to_its_address() -> None:
    net = SimulatedNetwork(1, faults=GENTLE)
    net.hosts["web"] = ["10.0.0.1"]
    receiver, sender = (net.socket(type=socket.SOCK_DGRAM) for _ in range(2))
    receiver.bind(("10.0.0.1", 53))
    sender.sendto(b"question", ("web", 53))
    net.settle()
    assert receiver.recv(9) == b"question"


def test_unix_senders_have_no_name_unless_they_bind_one() -> None:
    net = SimulatedNetwork(1, faults=GENTLE)
    receiver, named, *nameless = (net.socket(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(4))
    receiver.bind("\0receiver")
    named.bind("\0named")
    for sender in (named, *nameless):
        sender.sendto(b"x", "\0receiver")
        net.settle()
    assert [receiver.recvfrom(1)[1] for _ in range(3)] == ["\0named", None, None]
    assert nameless[0].getsockname() == ""
