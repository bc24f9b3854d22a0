"""One thread, and poll(2): as select(), with a list that has no upper end.

The list is kept between the waits and changed only where a connection's wish changes.  Yet the
kernel still goes through all of it at each wait: the cost grows with the connections, ready or not.
"""

from __future__ import annotations

import select
import socket

from examples.servers import common
from examples.servers.connection import Connection, accept, listen

common.need(hasattr(select, "poll"), "This system has no poll(): try examples.servers.select.")


def serve(port: int) -> None:
    """Serve until Ctrl-C."""
    connections: dict[int, Connection] = {}
    poll = select.poll()
    with listen(port) as listener, common.Interruptible():
        poll.register(listener, select.POLLIN)
        while True:
            serve_ready(poll, listener, connections)
    for each in connections.values():
        each.sock.close()


def serve_ready(
    poll: select.poll, listener: socket.socket, connections: dict[int, Connection]
) -> None:
    """Wait until a socket is ready, and serve those that are."""
    for number, _ in poll.poll():
        if number == listener.fileno():
            for newcomer in accept(listener):
                connections[newcomer.fileno()] = newcomer
                poll.register(newcomer, select.POLLIN)
            continue
        connection = connections[number]
        waited_to_send = bool(connection.unsent)
        if waited_to_send:
            connection.send()
        else:
            connection.receive()
        if connection.closed:  # poll() would complain about its number at once, for ever
            poll.unregister(number)
            del connections[number]
        elif waited_to_send != bool(connection.unsent):
            poll.modify(number, select.POLLOUT if connection.unsent else select.POLLIN)


if __name__ == "__main__":
    common.run(serve)
