"""A thread for each connection: blocking calls, as in `forking`, in one process.

A thread is cheaper than a process, and all of them share the program's memory: whatever two of them
change needs a lock.  They share Python's one interpreter lock as well.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
from typing import Any

from examples.servers import common


class Handler(socketserver.StreamRequestHandler):
    """Sends every line back.  `rfile` and `wfile` block, and meanwhile only this thread waits."""

    def handle(self) -> None:
        """Serve one connection, in a thread of its own."""
        common.welcome(self.connection, self.client_address)
        try:
            while (line := self.rfile.readline(common.LONGEST_LINE)).endswith(b"\n"):
                common.received(self.client_address, line)
                self.wfile.write(line)
            if len(line) == common.LONGEST_LINE:
                common.too_long(self.client_address)
        except OSError:
            pass  # reset by the client, or it is out of reach
        common.disconnected(self.client_address)


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Starts a thread for each connection, and keeps the connections, to end the threads by."""

    allow_reuse_address = True
    request_queue_size = common.BACKLOG

    def __init__(self, address: tuple[str, int]) -> None:
        self.connections: set[socket.socket] = set()
        super().__init__(address, Handler)

    def get_request(self) -> tuple[socket.socket, object]:
        """Accept."""
        request, address = super().get_request()
        self.connections.add(request)
        return request, address

    def shutdown_request(self, request: Any) -> None:
        """Close."""
        self.connections.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Wake the threads that wait for input, and wait until all have ended."""
        for connection in list(self.connections):
            with contextlib.suppress(OSError):  # closed by its own thread meanwhile
                connection.shutdown(socket.SHUT_RDWR)
        super().server_close()


def serve(port: int) -> None:
    """Serve until Ctrl-C."""
    with Server((common.HOST, port)) as server:
        common.serving(server.server_address)
        with common.Interruptible():
            server.serve_forever()


if __name__ == "__main__":
    common.run(serve)
