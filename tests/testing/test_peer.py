"""The scripted other side."""

import socket

import pytest

from miniloop import Listener
from miniloop.testing import GENTLE, SimulatedNetwork
from tests.driving import Lines


@pytest.fixture
def net() -> SimulatedNetwork:
    return SimulatedNetwork(1, faults=GENTLE)


def test_a_scripted_client(net: SimulatedNetwork) -> None:
    chats: list[Lines] = []
    with net.loop() as loop:
        Listener(loop, ("server", 1), lambda loop, sock: chats.append(Lines(loop, sock)))
        peer = net.connect(("server", 1), source="10.0.0.7")
        peer.send(b"early\n")  # before there is a connection: it waits
        assert not peer.connected
        assert peer.unsent == 6
        net.settle()
        assert chats[0].addr == peer.address
        assert peer.address[0] == "10.0.0.7"
        assert chats[0].lines == [b"early"]
        chats[0].push(b"hello")
        net.settle()
        assert peer.take() == b"hello"
        assert peer.received == b""
        peer.finish()
        net.settle()
        assert chats[0].seen == ["close"]
        assert peer.eof


def test_a_scripted_server(net: SimulatedNetwork) -> None:
    server = net.listen(("server", 1))
    with net.loop() as loop:
        client = Lines(loop)
        client.create_socket()
        client.connect(("server", 1))
        client.push(b"question\n")
        net.run_until(lambda: server.peers and server.peers[0].received == b"question\n")
        server.peers[0].send(b"answer\n")
        server.peers[0].close()
        net.run_until(lambda: client.closed)
        assert client.lines == [b"answer"]
    server.close()
    peer = net.connect(server.address)
    net.settle()
    assert "not connected" in repr(peer)


def test_closing_with_unread_data_is_a_reset(net: SimulatedNetwork) -> None:
    server = net.listen(("server", 1))
    client = net.connect(("server", 1))
    client.reading = False
    net.settle()
    server.peers[0].send(b"unread")
    net.settle()
    client.close()
    assert client.closed
    net.settle()
    assert isinstance(server.peers[0].error, ConnectionResetError)


def test_a_reset(net: SimulatedNetwork) -> None:
    server = net.listen(("server", 1))
    client = net.connect(("server", 1))
    net.settle()
    client.reset()
    net.settle()
    assert isinstance(server.peers[0].error, ConnectionResetError)
    assert not server.peers[0].connected
    with pytest.raises(BrokenPipeError):
        server.peers[0].send(b"x")


def test_reading_piece_by_piece_ends_with_the_end(net: SimulatedNetwork) -> None:
    server = net.listen(("server", 1))
    client = net.connect(("server", 1))
    client.reading = False
    net.settle()
    server.peers[0].send(b"abcd")
    server.peers[0].finish()
    with pytest.raises(BrokenPipeError):
        server.peers[0].send_urgent(b"late")
    net.settle()
    pieces = [(client.read(3), client.eof) for _ in range(2)]
    assert pieces == [(b"abc", False), (b"d", True)]
    assert client.read(3) == b""
    assert client.received == b"abcd"


def test_shut_by_the_other_side(net: SimulatedNetwork) -> None:
    with net.loop() as loop:
        chats: list[Lines] = []
        Listener(loop, ("server", 1), lambda loop, sock: chats.append(Lines(loop, sock)))
        peer = net.connect(("server", 1))
        net.settle()
        chats[0].socket.shutdown(socket.SHUT_WR)
        net.settle()
        assert peer.eof
        peer.send(b"still heard\n")
        net.settle()
        assert chats[0].lines == [b"still heard"]


def test_a_peer_that_answers(net: SimulatedNetwork) -> None:
    server = net.listen(("server", 1))
    client = net.connect(("server", 1))
    net.settle()
    answering = server.peers[0]

    def answer() -> None:
        answering.send(answering.take().upper())

    answering.on_received = answer
    client.send(b"hello")
    net.run_until(lambda: client.received == b"HELLO")
