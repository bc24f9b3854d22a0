"""miniloop's `AsyncChat`: it cuts the input into lines and queues the output, both within bounds.

The program says what a line means, and when to slow a client down that does not read its answers.
"""

from __future__ import annotations

import socket

from examples.servers import common
from miniloop import AsyncChat, EventLoop, Listener


class Echo(AsyncChat):
    """Sends every line back."""

    max_input = common.LONGEST_LINE

    def __init__(self, loop: EventLoop, sock: socket.socket) -> None:
        super().__init__(loop, sock)
        self.set_terminator(b"\n")
        self.parts: list[bytes] = []
        common.welcome(sock, self.addr)

    def collect_incoming_data(self, data: bytes) -> None:
        """Keep a part of a line."""
        self.parts.append(data)

    def found_terminator(self) -> None:
        """Send the line back."""
        line = b"".join(self.parts)
        self.parts.clear()
        common.received(self.addr, line)
        self.push(line + b"\n")

    def handle_input_overflow(self) -> None:
        """The line is too long."""
        common.too_long(self.addr)
        self.end()

    def handle_high_water(self) -> None:
        """The client does not read: read nothing from it either."""
        self.pause_reading()

    def handle_low_water(self) -> None:
        """It reads again."""
        self.resume_reading()

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
