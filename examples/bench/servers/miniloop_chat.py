"""miniloop: a Dispatcher that echoes, and the classic AsyncChat programs.

Classic means: collect_incoming_data() appends to a list, found_terminator() joins and clears it and
pushes the answer. That is how asynchat programs have always looked, and how they are copied.
"""

from __future__ import annotations

import socket
from collections.abc import Callable

from miniloop import AsyncChat, Dispatcher, EventLoop, Listener, broadcast

from . import READ_SIZE

Guest = Callable[[EventLoop, socket.socket], Dispatcher]


class Echo(Dispatcher):
    """Every byte goes back."""

    def handle_read(self) -> None:
        data = self.recv(READ_SIZE)
        if data:
            self.send(data)


class Lines(AsyncChat):
    """Every line goes back."""

    def __init__(self, loop: EventLoop, sock: socket.socket) -> None:
        super().__init__(loop, sock)
        self.parts: list[bytes] = []
        self.set_terminator(b"\n")

    def collect_incoming_data(self, data: bytes) -> None:
        self.parts.append(data)

    def found_terminator(self) -> None:
        line = b"".join(self.parts)
        self.parts.clear()
        self.push(line + b"\n")


class Fanout(Lines):
    """Every line goes to every member."""

    members: set[Fanout] = set()  # noqa: RUF012 - shared on purpose: the room

    def __init__(self, loop: EventLoop, sock: socket.socket) -> None:
        super().__init__(loop, sock)
        self.members.add(self)

    def handle_close(self) -> None:
        self.members.discard(self)

    def found_terminator(self) -> None:
        text = b"".join(self.parts) + b"\n"
        self.parts.clear()
        broadcast(self.members, text)


KINDS: dict[str, Guest] = {"echo": Echo, "lines": Lines, "fanout": Fanout}


def serve(kind: str, listener: socket.socket) -> None:
    """Serve for ever."""
    with EventLoop() as loop:
        Listener(loop, factory=KINDS[kind], sock=listener)
        loop.run(forever=True)
