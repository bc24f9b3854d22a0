"""Chapter 13: TLS."""

import ssl
from typing import Any

from examples.inside.growing.scenarios import context
from miniloop import AsyncChat, Dispatcher, EventLoop
from tests.book.symptoms.shown import events, pair, passes, shows


@shows("write-in-the-handshake")
def _() -> str:
    with EventLoop() as loop:
        ours, theirs = pair()
        channel = AsyncChat(loop, ours)
        channel.start_tls(context(ssl.PROTOCOL_TLS_SERVER), server_side=True)
        channel.push(b"welcome")
        passes(loop)
        busy = events(loop)
        theirs.close()
    return f"the client is silent, and {busy} of 100 waits end at once"


@shows("listen-to-the-kernel-only")
def _() -> str:
    class Slow(Dispatcher):
        heard = b""

        def handle_read(self) -> None:
            self.heard += self.recv(2)

    class Client(Slow):
        def handle_secured(self) -> None:
            self.send(b"hello")

    with EventLoop() as loop:
        ours, theirs = pair()
        server: Any = Slow(loop, ours)
        client = Client(loop, theirs)
        server.start_tls(context(ssl.PROTOCOL_TLS_SERVER), server_side=True)
        client.start_tls(context(ssl.PROTOCOL_TLS_CLIENT))
        passes(loop, 50)
        return f"of 'hello' in one record, read two bytes at a time, {server.heard!r} arrives"
