"""One thread, and select(2): the program hands over all sockets, and learns which are ready.

Every wait costs as much as there are connections, ready or not: the lists are made anew, the kernel
goes through them, and so does the answer.  And select() ends at descriptor 1,023: this server turns
away what it could not watch.
"""

from __future__ import annotations

import select
import socket

from examples.servers import common
from examples.servers.connection import Connection, accept, listen

END = 1024  # FD_SETSIZE: select() has a bit for each descriptor below it, and no more


def serve(port: int) -> None:
    """Serve until Ctrl-C."""
    connections: list[Connection] = []
    with listen(port) as listener, common.Interruptible():
        while True:
            serve_ready(listener, connections)
    for each in connections:
        each.sock.close()


def serve_ready(listener: socket.socket, connections: list[Connection]) -> None:
    """Wait until a socket is ready, and serve those that are."""
    readers: list[Connection | socket.socket] = [listener]
    readers += [each for each in connections if not each.unsent]
    writers = [each for each in connections if each.unsent]
    readable, writable, _ = select.select(readers, writers, [])
    for writer in writable:
        writer.send()
    for reader in readable:
        if isinstance(reader, Connection):
            reader.receive()
        else:
            connections += watchable(listener)
    connections[:] = [each for each in connections if not each.closed]


def watchable(listener: socket.socket) -> list[Connection]:
    """Accept every connection that waits, and close those that select() cannot watch."""
    watched = []
    for connection in accept(listener):
        if connection.fileno() < END:
            watched.append(connection)
        else:
            common.say(connection.address, f"refused: select() ends at descriptor {END - 1:,}")
            connection.close()
    return watched


if __name__ == "__main__":
    common.run(serve)
