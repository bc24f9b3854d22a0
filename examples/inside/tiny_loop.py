"""An event loop in thirty lines, and an echo server on it.

It works.  What it lacks is what the rest of the book is about.
"""

import select
import socket
from collections.abc import Callable

Handler = Callable[["Loop", socket.socket], object]


class Loop:
    """Calls a handler whenever its socket can be read."""

    def __init__(self) -> None:
        """Wait for nobody yet."""
        self.handlers: dict[socket.socket, Handler] = {}

    def run_once(self, timeout: float | None = None) -> None:
        """Wait until somebody is ready, then call those who are."""
        ready, _, _ = select.select([*self.handlers], [], [], timeout)
        for sock in ready:
            self.handlers[sock](self, sock)

    def run(self) -> None:
        """Do so for as long as there is somebody to wait for."""
        while self.handlers:
            self.run_once()


def accept(loop: Loop, server: socket.socket) -> None:
    """A connection has arrived: wait for what it says."""
    sock, _ = server.accept()
    loop.handlers[sock] = echo


def echo(loop: Loop, sock: socket.socket) -> None:
    """Something has arrived, or the end."""
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
