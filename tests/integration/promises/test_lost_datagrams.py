"""A datagram that cannot be delivered costs itself: the server goes on, with real sockets."""

import errno
import os
import socket
import struct
from pathlib import Path
from typing import Any

import pytest

from miniloop import Dispatcher, EventLoop
from tests.driving import receive, run_until, settle
from tests.integration.promises.driven import Driven


class Shout(Dispatcher):
    """Answers each datagram in capitals."""

    def __init__(self, loop: EventLoop, family: int, address: Any) -> None:
        super().__init__(loop)
        self.answered: list[int] = []
        self.create_socket(family, socket.SOCK_DGRAM)
        self.bind(address)

    def handle_read(self) -> None:
        data, sender = self.recvfrom(2048)
        if sender is not None:
            self.answered.append(self.sendto(data.upper(), sender))


def hears(driven: Driven, server: Shout, client: socket.socket) -> bool:
    """Return whether the server still answers."""
    client.setblocking(False)
    client.sendto(b"still there?", server.socket.getsockname())
    driven.go_on()
    return client.recv(100) == b"STILL THERE?"


def test_a_client_on_a_unix_socket_that_is_gone(driven: Driven, tmp_path: Path) -> None:
    server = Shout(driven.loop, socket.AF_UNIX, str(tmp_path / "server"))
    for number in range(3):
        path = tmp_path / f"client {number}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
            client.bind(str(path))
            client.sendto(b"going", server.socket.getsockname())
        if number:
            path.unlink()
    driven.go_on()
    assert server.answered == [0, 0, 0]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
        client.bind(str(tmp_path / "client"))
        assert hears(driven, server, client)


def test_a_client_whose_port_is_closed(driven: Driven) -> None:
    server = Shout(driven.loop, socket.AF_INET, ("127.0.0.1", 0))
    for _ in range(3):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto(b"going", server.socket.getsockname())
        driven.go_on()
    assert not server.closed
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        assert hears(driven, server, client)


def test_a_source_port_of_zero(driven: Driven) -> None:
    """Legal, and easily forged; only the administrator may."""
    server = Shout(driven.loop, socket.AF_INET, ("127.0.0.1", 0))
    port = server.socket.getsockname()[1]
    text = b"from nowhere"
    try:
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
    except PermissionError:
        pytest.skip("raw sockets are not permitted here")
    with raw:
        raw.sendto(struct.pack("!4H", 0, port, 8 + len(text), 0) + text, ("127.0.0.1", 0))
    driven.until(lambda: server.answered)
    assert server.answered == [0]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        assert hears(driven, server, client)


def test_a_destination_that_is_not_permitted(loop: EventLoop) -> None:
    """The broadcast address, for which nobody has asked."""
    server = Shout(loop, socket.AF_INET, ("127.0.0.1", 0))
    assert server.sendto(b"to all", ("255.255.255.255", 9)) == 0
    settle(loop)
    assert not server.closed


@pytest.mark.parametrize("code", [errno.EPERM, errno.EINVAL, errno.EACCES, errno.EHOSTUNREACH])
def test_what_a_firewall_or_a_route_may_answer(
    driven: Driven, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Walled(socket.socket):
        refused = 0

        def sendto(self, data: Any, *args: Any) -> int:
            if not self.refused:
                self.refused += 1
                raise OSError(code, os.strerror(code))
            return super().sendto(data, *args)

    monkeypatch.setattr(driven.loop, "new_socket", Walled)
    server = Shout(driven.loop, socket.AF_INET, ("127.0.0.1", 0))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.sendto(b"hello", server.socket.getsockname())
        driven.go_on()
        assert server.answered == [0]
        assert hears(driven, server, client)


def test_a_full_buffer_is_waited_for(loop: EventLoop, tmp_path: Path) -> None:
    """UNIX datagrams wait in the receiver, so a sender meets its limit."""

    class Sender(Dispatcher):
        room = 0

        def handle_write(self) -> None:
            self.room += 1

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(tmp_path / "receiver"))
        ours = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        ours.connect(receiver.getsockname())
        sender = Sender(loop, ours)
        while sender.send(b"x" * 1000):
            pass
        settle(loop)
        assert sender.room == 0
        receiver.setblocking(False)
        assert receive(receiver)
        run_until(loop, lambda: sender.room)
        settle(loop)
        assert sender.room == 1
        assert sender.send(b"x") == 1
