"""Step 1: a loop that waits, and an echo server on it (docs/inside/01-thirty-lines.md)."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable


class Loop:
    """Calls ``handle_read()`` of each channel whose socket can be read."""

    def __init__(self) -> None:
        self.channels: dict[socket.socket, Channel] = {}

    def run_once(self, timeout: float | None = None) -> None:
        """Wait for sockets that can be read, at most ``timeout`` seconds; call their channels."""
        ready, _, _ = select.select([*self.channels], [], [], timeout)
        for sock in ready:
            self.channels[sock].handle_read()

    def run(self) -> None:
        """Wait and call until no channel is left."""
        while self.channels:
            self.run_once()


class Channel:
    """A socket on a loop."""

    def __init__(self, loop: Loop, sock: socket.socket) -> None:
        self.loop = loop
        self.sock = sock
        loop.channels[sock] = self

    def handle_read(self) -> None:
        """The socket can be read: override this."""

    def close(self) -> None:
        """Leave the loop, then close the socket."""
        del self.loop.channels[self.sock]
        self.sock.close()


class Listener(Channel):
    """Makes a channel of each connection."""

    def __init__(
        self, loop: Loop, sock: socket.socket, make: Callable[[Loop, socket.socket], object]
    ) -> None:
        super().__init__(loop, sock)
        self.make = make

    def handle_read(self) -> None:
        """Accept a connection."""
        sock, _ = self.sock.accept()
        self.make(self.loop, sock)


class Echo(Channel):
    """Sends back what arrives."""

    def handle_read(self) -> None:
        """Receive and send; close at the end of the connection."""
        data = self.sock.recv(65536)
        if data:
            self.sock.sendall(data)
        else:
            self.close()


def main() -> None:
    """Serve until Ctrl-C."""
    loop = Loop()
    Listener(loop, socket.create_server(("127.0.0.1", 1234)), Echo)
    loop.run()


if __name__ == "__main__":
    main()
