"""Connections on socket pairs; the test controls the time."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from examples.chatroom.doors.arrival import Arrival
from examples.chatroom.doors.proxies import Proxies
from examples.chatroom.doors.web.connection import Connection, House
from examples.chatroom.doors.web.hosts import Hosts
from examples.chatroom.doors.web.limits import WebLimits
from examples.chatroom.doors.web.pages import Pages
from examples.chatroom.doors.web.reception import Reception
from miniloop import EventLoop
from miniloop.testing import FakeClock
from tests.driving import receive, settle

from .helpers import ACCEPT, Seen, Surroundings, handshake, parse, text


class Peer:
    """A browser, as bytes, and the connection that serves it."""

    def __init__(self, stage: Stage) -> None:
        ours, self.socket = socket.socketpair()
        self.socket.setblocking(False)
        self._stage = stage
        stage.sockets.append(self.socket)
        self.connection = Connection(stage.loop, ours, Arrival("192.0.2.1"), stage.house)
        self._data = b""

    def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.socket.sendall(piece)
            settle(self._stage.loop)

    def wait(self, seconds: float) -> None:
        self._stage.clock.advance(seconds)
        settle(self._stage.loop)

    def received(self) -> bytes:
        settle(self._stage.loop)
        return receive(self.socket)

    def open(self, *headers: str) -> None:
        self.send(handshake("chat.example", *headers))
        head = self.received()
        assert head.startswith(b"HTTP/1.1 101 "), head
        assert ACCEPT.encode() in head

    def enter(self, name: str = "Ada") -> str:
        self.open()
        self.send(text({"do": "enter", "name": name}))
        return str(self.frames()[0].json["token"])

    def is_cut(self) -> bool:
        settle(self._stage.loop)
        return self.connection.closed

    def frames(self) -> list[Seen]:
        found, self._data = parse(self._data + self.received())
        return found

    def kinds(self) -> list[object]:
        return [each.json["kind"] for each in self.frames()]


class Stage:
    def __init__(self, loop: EventLoop, clock: FakeClock, folder: Path) -> None:
        self.loop, self.clock = loop, clock
        self.gone: list[Connection] = []
        self.sockets: list[socket.socket] = []
        self.around = Surroundings(WebLimits(frame_burst=20, max_problems=2))
        self.gate = self.around.gate
        self.seated: list[Connection] = []
        (folder / "index.html").write_text("<!doctype html>")
        self.house = House(
            self.around.service,
            Reception(
                Pages(lambda: {"well": True}, folder),
                Hosts({"chat.example", "x"}),
                {"https://proxy.example:443"},
                Proxies(),
            ),
            lambda _, __: None,
            self.seated.append,
            max_output=10_000,
            login_timeout=60.0,
            gone=self.gone.append,
        )

    def peer(self) -> Peer:
        return Peer(self)


@contextmanager
def staging(folder: Path) -> Iterator[Stage]:
    """Return a stage whose sockets are all closed in the end."""
    clock = FakeClock()
    with EventLoop(clock=clock, debug=True) as loop:
        stage = Stage(loop, clock, folder)
        yield stage
        for sock in stage.sockets:
            sock.close()
