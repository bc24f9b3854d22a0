"""TCP over IPv4 and IPv6, UNIX sockets, datagrams, out-of-band data."""

import socket
from pathlib import Path
from typing import Any

import pytest

from miniloop import Dispatcher, EventLoop, Listener
from tests.driving import Lines, Recording, deliveries, pair, run_until, settle
from tests.integration.promises.serving import Echo


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6, socket.AF_UNIX])
def test_families(loop: EventLoop, family: int, tmp_path: Path) -> None:
    address: Any = str(tmp_path / "door")
    if family != socket.AF_UNIX:
        address = ("::1" if family == socket.AF_INET6 else "127.0.0.1", 0)
    listener = Listener(loop, address, Echo)
    client = Lines(loop)
    client.create_socket(family)
    client.connect(listener.address)
    client.push(b"hello\n")
    run_until(loop, lambda: client.lines)
    assert client.lines == [b"hello"]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_datagrams(loop: EventLoop, host: str) -> None:
    class Server(Dispatcher):
        def handle_read(self) -> None:
            data, addr = self.recvfrom()
            self.sendto(data.upper(), addr)

    class Client(Recording):
        def handle_read(self) -> None:
            self.data += b"[" + self.recvfrom()[0] + b"]"

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    server, client = Server(loop), Client(loop)
    for channel in (server, client):
        channel.create_socket(family, socket.SOCK_DGRAM)
        channel.bind((host, 0))
    for text in (b"one", b"", b"two"):
        client.sendto(text, server.socket.getsockname())
    run_until(loop, lambda: len(client.data) >= 10)
    assert client.data == b"[ONE][][TWO]"
    assert not server.closed
    assert not client.closed


def test_out_of_band_data(loop: EventLoop) -> None:
    class Urgent(Recording):
        def handle_expt(self) -> None:
            self.seen.append("urgent")
            assert self.socket.recv(1, socket.MSG_OOB) == b"!"

    with pair(socket.AF_INET) as (ours, theirs):
        channel = Urgent(loop, ours)
        theirs.send(b"!", socket.MSG_OOB)
        run_until(loop, lambda: "urgent" in channel.seen)
        theirs.send(b"plain")
        run_until(loop, lambda: channel.data)
        assert channel.data == b"plain"
        assert channel.seen.count("urgent") == 1
        settle(loop)
        assert deliveries(loop) == 0


def test_out_of_band_data_hurts_nobody_who_does_not_want_it(loop: EventLoop) -> None:
    """telnet sends one at Ctrl-C."""
    with pair(socket.AF_INET) as (ours, theirs):
        channel = Lines(loop, ours)
        theirs.send(b"be")
        theirs.send(b"!", socket.MSG_OOB)
        theirs.send(b"fore\n")
        run_until(loop, lambda: channel.lines)
        assert channel.lines == [b"before"]
        assert deliveries(loop) == 0
