"""asyncore: programs as they were written for it, unchanged, on whatever `asyncore` is.

On Python 3.11 that is the standard library's; `compat_program` runs the same on miniloop.compat.
"""

from __future__ import annotations

import asynchat
import asyncore
import socket
from contextlib import suppress
from typing import Any

from . import READ_SIZE

THROWS = 100  # for each line of a client's, so that little else is measured


class Echo(asyncore.dispatcher_with_send):
    """Every byte goes back: the example of asyncore's manual."""

    def handle_read(self) -> None:
        data = self.recv(READ_SIZE)
        if data:
            self.send(data)


class Asked(asyncore.dispatcher):
    """Every byte goes back, through a buffer and predicates of its own: asked on every pass."""

    buffer = b""

    def readable(self) -> bool:
        return len(self.buffer) < READ_SIZE

    def writable(self) -> bool:
        return len(self.buffer) > 0

    def handle_read(self) -> None:
        self.buffer += self.recv(READ_SIZE)

    def handle_write(self) -> None:
        sent = self.send(self.buffer)
        self.buffer = self.buffer[sent:]

    def handle_close(self) -> None:
        self.close()


class Lines(asynchat.async_chat):
    """Every line goes back."""

    def __init__(self, sock: socket.socket, map: dict[int, Any] | None = None) -> None:
        asynchat.async_chat.__init__(self, sock, map)
        self.parts: list[bytes] = []
        self.set_terminator(b"\n")

    def collect_incoming_data(self, data: bytes) -> None:
        self.parts.append(data)

    def found_terminator(self) -> None:
        line = b"".join(self.parts)
        self.parts = []
        self.push(line + b"\n")


class Player(Lines):
    """Returns every line to its partner, until there have been enough."""

    left = 0

    def found_terminator(self) -> None:
        Player.left -= 1
        if not Player.left:
            self.parts = []
            raise asyncore.ExitNow
        Lines.found_terminator(self)


class PingPong(Lines):
    """Every line goes back after two objects have sent it to and fro, in a map of their own."""

    def __init__(self, sock: socket.socket) -> None:
        Lines.__init__(self, sock)
        self.map: dict[int, Any] = {}
        self.players = [Player(end, self.map) for end in socket.socketpair()]

    def push(self, data: bytes) -> None:
        Player.left = THROWS
        self.players[0].push(data)
        with suppress(asyncore.ExitNow):
            asyncore.loop(map=self.map)
        Lines.push(self, data)


class Door(asyncore.dispatcher):
    """Accepts, and makes a guest of every connection."""

    def __init__(self, listener: socket.socket, guest: Guest) -> None:
        asyncore.dispatcher.__init__(self, listener)
        self.accepting = True
        self.guest = guest

    def handle_accepted(self, sock: socket.socket, addr: object) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as all the others do
        self.guest(sock)


Guest = type[Echo | Asked | Lines]

KINDS: dict[str, Guest] = {"echo": Echo, "asked": Asked, "lines": Lines, "pingpong": PingPong}


def serve(kind: str, listener: socket.socket) -> None:
    """Serve for ever; `kind` may end in `-poll`: select(2) does not reach beyond 1,024."""
    name, _, way = kind.partition("-")
    Door(listener, KINDS[name])
    asyncore.loop(use_poll=way == "poll")
