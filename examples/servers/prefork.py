"""A process for each core, forked before the first connection, and in each of them miniloop's loop.

All of them accept from one listening socket, so the work spreads over the cores, and a crash ends
the connections of one process only; its parent starts another one.  SIGHUP replaces all of them,
and no connection is refused.  They share nothing, and only UNIX has fork().
"""

from __future__ import annotations

import os
import socket
import sys

from examples.servers import common
from examples.servers.dispatcher import Echo
from miniloop import EventLoop, Listener
from miniloop.system import workers

common.need(hasattr(os, "fork"), "This system has no fork(): try examples.servers.dispatcher.")


def serve(port: int) -> None:
    """Serve until Ctrl-C or SIGTERM, which end the loops in order, and the processes."""
    with socket.create_server((common.HOST, port), backlog=common.BACKLOG) as shared:
        address = shared.getsockname()

        def be_worker(loop: EventLoop, number: int) -> None:
            Listener(loop, factory=Echo, sock=shared)

        status = workers.run(be_worker, on_ready=lambda: common.serving(address))
    sys.exit(status)


if __name__ == "__main__":
    common.run(serve)
