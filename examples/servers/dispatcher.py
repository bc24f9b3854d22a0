"""miniloop's `Dispatcher`: the loop waits, and calls the methods of the socket that is ready.

The loop finds out which socket can be read or written or is closed, by the best means that the
system has.  Cutting the stream into lines and keeping what could not be sent is still the
program's.
"""

from __future__ import annotations

import socket

from examples.servers import common
from miniloop import Dispatcher, EventLoop, Listener
from miniloop.readiness import WRITE


class Echo(Dispatcher):
    """Sends every line back; while something is left to send, it reads nothing."""

    def __init__(self, loop: EventLoop, sock: socket.socket) -> None:
        super().__init__(loop, sock)
        self.partial = self.unsent = b""
        common.welcome(sock, self.addr)

    def handle_read(self) -> None:
        """Send back the complete lines of what has come."""
        *lines, self.partial = (self.partial + self.recv()).split(b"\n")
        for line in lines:
            common.received(self.addr, line)
        if len(self.partial) > common.LONGEST_LINE:
            common.too_long(self.addr)
            self.end()
        elif lines:
            self.unsent = b"\n".join([*lines, b""])
            self.handle_write()

    def handle_write(self) -> None:
        """Send what there is room for; the loop calls this when there is more."""
        self.unsent = self.unsent[self.send(self.unsent) :]

    def interest(self) -> int:
        """Wait for room alone while something is left to send, even if the client has finished."""
        return WRITE if self.unsent else super().interest()

    def handle_close(self) -> None:
        """The client is gone."""
        common.disconnected(self.addr)


def serve(port: int) -> None:
    """Serve until Ctrl-C or SIGTERM, which end the loop in order."""
    with EventLoop() as loop:
        common.serving(Listener(loop, (common.HOST, port), Echo, backlog=common.BACKLOG).address)
        loop.run()


if __name__ == "__main__":
    common.run(serve)
