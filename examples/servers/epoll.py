"""One thread, and epoll(7): it keeps the list of connections, and returns those that are ready.

The cost of a wait is that of the ready ones, whether ten wait beside them or ten thousand.  Only
Linux has it (the BSDs and macOS have kqueue, a different interface).
"""

from __future__ import annotations

import select
import socket

from examples.servers import common
from examples.servers.connection import Connection, accept, listen

common.need(hasattr(select, "epoll"), "This system has no epoll(): try examples.servers.poll.")


def serve(port: int) -> None:
    """Serve until Ctrl-C."""
    connections: dict[int, Connection] = {}
    with listen(port) as listener, select.epoll() as epoll, common.Interruptible():
        epoll.register(listener, select.EPOLLIN)
        while True:
            serve_ready(epoll, listener, connections)
    for each in connections.values():
        each.sock.close()


def serve_ready(
    epoll: select.epoll, listener: socket.socket, connections: dict[int, Connection]
) -> None:
    """Wait until a socket is ready, and serve those that are."""
    for number, _ in epoll.poll():
        if number == listener.fileno():
            for newcomer in accept(listener):
                connections[newcomer.fileno()] = newcomer
                epoll.register(newcomer, select.EPOLLIN)
            continue
        connection = connections[number]
        waited_to_send = bool(connection.unsent)
        if waited_to_send:
            connection.send()
        else:
            connection.receive()
        if connection.closed:  # which takes it off epoll's list, too
            del connections[number]
        elif waited_to_send != bool(connection.unsent):
            epoll.modify(number, select.EPOLLOUT if connection.unsent else select.EPOLLIN)


if __name__ == "__main__":
    common.run(serve)
