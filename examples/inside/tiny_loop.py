"""An event loop in thirty lines, and an echo server on it.

It works; the chapters of docs/inside/ add what it lacks.
"""

import select
import socket
from collections.abc import Callable

Handler = Callable[["Loop", socket.socket], object]


class Loop:
    """Calls the handler of a socket whenever the socket can be read."""

    def __init__(self) -> None:
        """Start without handlers."""
        self.handlers: dict[socket.socket, Handler] = {}

    def run_once(self, timeout: float | None = None) -> None:
        """Wait until a socket can be read, then call the handlers of all that can."""
        ready, _, _ = select.select([*self.handlers], [], [], timeout)
        for sock in ready:
            self.handlers[sock](self, sock)

    def run(self) -> None:
        """Go on for as long as there are handlers."""
        while self.handlers:
            self.run_once()


def accept(loop: Loop, server: socket.socket) -> None:
    """Accept a connection, and echo what arrives on it."""
    sock, _ = server.accept()
    loop.handlers[sock] = echo


def echo(loop: Loop, sock: socket.socket) -> None:
    """Send back what has arrived; close the socket at the end of the connection."""
    data = sock.recv(65536)
    if data:
        sock.sendall(data)
    else:
        del loop.handlers[sock]
        sock.close()


def main() -> None:
    """Serve until Ctrl-C."""
    loop = Loop()
    with socket.create_server(("127.0.0.1", 1234)) as server:
        loop.handlers[server] = accept
        loop.run()


if __name__ == "__main__":
    main()
