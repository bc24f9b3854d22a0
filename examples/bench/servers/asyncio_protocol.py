"""asyncio's fast interface: a Protocol whose data_received() writes to its transport.

A line is answered by a call of its own, as in every framework here that calls a method for a line:
`found_line()` writes where `found_terminator()` pushes and `lineReceived()` writes. asyncio sends
each write at once. A program that joins its answers by hand is in examples/servers/asyncio.py.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable


class Echo(asyncio.Protocol):
    """Every byte goes back."""

    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # a stream's transport is a Transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)


class Lines(Echo):
    """Every line goes back, by a write of its own."""

    def __init__(self) -> None:
        self.partial = b""

    def data_received(self, data: bytes) -> None:
        complete = (self.partial + data).split(b"\n")
        self.partial = complete.pop()
        for line in complete:
            self.found_line(line)

    def found_line(self, line: bytes) -> None:
        self.transport.write(line + b"\n")


class Fanout(Lines):
    """Every line goes to every member."""

    members: set[Fanout] = set()  # noqa: RUF012 - shared on purpose: the room

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.members.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.members.discard(self)

    def found_line(self, line: bytes) -> None:
        text = line + b"\n"
        for member in self.members:
            member.transport.write(text)


KINDS: dict[str, Callable[[], asyncio.Protocol]] = {"echo": Echo, "lines": Lines, "fanout": Fanout}


def serve(kind: str, listener: socket.socket) -> None:
    """Serve for ever on asyncio's own loop."""
    asyncio.run(serve_on_this_loop(kind, listener))


async def serve_on_this_loop(kind: str, listener: socket.socket) -> None:
    """Serve for ever on the loop that runs this coroutine."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(KINDS[kind], sock=listener, backlog=1024)
    await server.serve_forever()
