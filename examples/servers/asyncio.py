"""asyncio, by its fast interface: a `Protocol`, whose methods the loop calls.

The transport keeps what could not be sent, and says when that becomes too much.  `--uvloop` runs
the same program on uvloop, whose loop is libuv's, in C.

Out of descriptors, asyncio's loop logs a traceback for each place in the backlog, every second.
"""

from __future__ import annotations

import asyncio
import importlib.util
import signal
from collections.abc import Callable
from typing import ClassVar, cast

from examples.servers import common


class Echo(asyncio.Protocol):
    """Sends every line back."""

    clients: ClassVar[set[asyncio.Transport]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet; asyncio has switched TCP's delays off by itself."""
        self.transport = cast(asyncio.Transport, transport)  # a stream's transport is one
        self.clients.add(self.transport)
        self.partial = b""
        self.address = transport.get_extra_info("peername")
        common.say("Got connection from", self.address)

    def data_received(self, data: bytes) -> None:
        """Send back the complete lines of what has come."""
        *lines, self.partial = (self.partial + data).split(b"\n")
        for line in lines:
            common.received(self.address, line)
        if lines:
            self.transport.write(b"\n".join([*lines, b""]))
        if len(self.partial) > common.LONGEST_LINE:
            common.too_long(self.address)
            self.transport.close()

    def pause_writing(self) -> None:
        """The client does not read: read nothing from it either."""
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        """It reads again."""
        self.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self.clients.discard(self.transport)
        common.disconnected(self.address)


async def echo(port: int) -> None:
    """Serve until Ctrl-C or SIGTERM."""
    loop, interrupted = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupted.set)
    server = await loop.create_server(Echo, common.HOST, port, backlog=common.BACKLOG)
    common.serving(server.sockets[0].getsockname())
    await interrupted.wait()
    server.close()
    for client in Echo.clients:
        client.abort()


def serve(port: int, uvloop: bool) -> None:
    """Serve on asyncio's own loop, or on uvloop."""
    with asyncio.Runner(loop_factory=uvloop_factory() if uvloop else None) as runner:
        runner.run(echo(port))


def uvloop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """Return what makes uvloop's loops."""
    found = importlib.util.find_spec("uvloop") is not None
    common.need(found, f"uvloop is not installed; in this clone: {common.IN_THE_LAB}")
    import uvloop

    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


if __name__ == "__main__":
    common.run(serve, uvloop="run on uvloop in place of asyncio's own loop")
