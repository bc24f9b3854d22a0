"""asyncore's and asynchat's own words, as programs used them for 25 years, on `miniloop.compat`.

`chat` is the same program on miniloop's own classes.  These here know no bounds, as the old modules
knew none: the program has to look after the length of a line and of the queue by itself.
"""

from __future__ import annotations

import socket

from examples.servers import common
from examples.servers.connection import refuse
from miniloop.compat import asynchat, asyncore

LONGEST_QUEUE = (
    1000  # pieces that wait to be sent; IRC servers, too, drop a client that does not read
)


class Echo(asynchat.async_chat):
    """Sends every line back."""

    def __init__(self, sock: socket.socket) -> None:
        asynchat.async_chat.__init__(self, sock)
        self.set_terminator(b"\n")
        self.size = 0
        common.welcome(sock, self.addr)

    def collect_incoming_data(self, data: bytes) -> None:
        """Keep a part of a line, unless the line gets too long."""
        self._collect_incoming_data(data)
        self.size += len(data)
        if self.size > common.LONGEST_LINE:
            common.too_long(self.addr)
            self.show_out()

    def found_terminator(self) -> None:
        """Send the line back, unless the client reads none."""
        if not self.connected:  # shown out, with lines left from the same packet
            return
        line = self._get_data()
        self.size = 0
        common.received(self.addr, line)
        self.push(line + b"\n")
        if len(self.producer_fifo) > LONGEST_QUEUE:
            common.say(self.addr, "does not read its answers")
            self.show_out()

    def show_out(self) -> None:
        """End the connection from this side."""
        self.discard_buffers()
        self.handle_close()

    def handle_close(self) -> None:
        """The client is gone."""
        self.close()
        common.disconnected(self.addr)


class Door(asyncore.dispatcher):
    """Accepts, and makes an `Echo` of every connection."""

    def __init__(self, port: int) -> None:
        asyncore.dispatcher.__init__(self)
        self.create_socket()
        self.set_reuse_addr()
        self.bind((common.HOST, port))
        self.listen(common.BACKLOG)
        common.serving(self.socket.getsockname())

    def handle_accepted(self, sock: socket.socket, addr: object) -> None:
        """Serve a connection."""
        Echo(sock)

    def handle_accept(self) -> None:
        """Accept; an error, such as too many descriptors, would close the door by default."""
        try:
            super().handle_accept()
        except OSError as error:
            refuse(self.socket, error)


def serve(port: int) -> None:
    """Serve until Ctrl-C."""
    try:
        Door(port)
        with common.Interruptible():
            asyncore.loop(use_poll=True)
    finally:
        asyncore.close_all()


if __name__ == "__main__":
    common.run(serve)
