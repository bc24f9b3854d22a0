"""A process for each connection: blocking calls, and the system does the rest.

No connection can hold up another, memory is not shared, and a crash ends one connection only.  It
costs a fork a connection and megabytes a client, and only UNIX has it.
"""

from __future__ import annotations

import os
import signal
import socketserver

from examples.servers import common

common.need(hasattr(os, "fork"), "This system has no fork(): try examples.servers.threading.")


class Handler(socketserver.StreamRequestHandler):
    """Sends every line back.  `rfile` and `wfile` block, and meanwhile only this process waits."""

    def handle(self) -> None:
        """Serve one connection, in a process of its own."""
        assert isinstance(self.server, Server)
        self.server.socket.close()  # the parent's business: a child must not keep the port
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


class Server(socketserver.ForkingMixIn, socketserver.TCPServer):
    """Forks for each connection."""

    allow_reuse_address = True
    request_queue_size = common.BACKLOG
    max_children = 10_000  # by default 40: the 41st client would wait until another one leaves


def serve(port: int) -> None:
    """Serve until Ctrl-C, which ends the children too."""
    with Server((common.HOST, port), Handler) as server:
        common.serving(server.server_address)
        with common.Interruptible():
            server.serve_forever()
        for child in server.active_children or ():
            os.kill(child, signal.SIGKILL)


if __name__ == "__main__":
    common.run(serve)
