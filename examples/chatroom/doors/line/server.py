"""The listener of the line door.

Rule of this file: accepting connections, and the bound on those that are turned away.
"""

from __future__ import annotations

import logging
import socket

from miniloop import EventLoop, Listener

from ..queues import Queues
from .door import House, LineDoor

log = logging.getLogger("chatroom")

SPARE = 100  # connections beyond those counted: told why they are not let in; others are cut


class LineServer:
    """Listens, and opens a line door for each connection.

    Args:
        loop: The loop to be on.
        address: Where to listen: host and port; port 0 takes any free one.
        house: What the doors share.

    Raises:
        OSError: The address cannot be listened on.
    """

    def __init__(self, loop: EventLoop, address: tuple[str, int], house: House) -> None:
        self._house = house
        self._doors: set[LineDoor] = set()
        self._turned_away: set[LineDoor] = set()
        self._listener = Listener(loop, address, self._open)

    @property
    def address(self) -> tuple[str, int]:
        """The host and the port really listened on."""
        host, port = self._listener.address[:2]
        return host, port

    def queues(self) -> Queues:
        """Return what waits to be sent."""
        return Queues.of(door.output_size for door in self._doors)

    def _open(self, loop: EventLoop, sock: socket.socket) -> LineDoor | None:
        try:
            # Telnet sends Ctrl-C's DATA MARK as urgent data.  Unless it is left in line, the
            # kernel takes that one byte out of the middle of a command: the rest is misread.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
            address = str(sock.getpeername()[0])
        except OSError:
            log.info("A connection was gone before it was served.")
            sock.close()
            return None
        log.info("Connection from %s.", address)
        door = LineDoor(loop, sock, address, self._house)
        self._doors.add(door)
        door.on_close(self._gone, door)
        if door.turned_away:
            self._turn_away(door)
        return door

    def _turn_away(self, door: LineDoor) -> None:
        # One that never shakes hands (TLS) stays for its time, and is counted nowhere else.  It
        # must not cost those their way in whom the hall has a place for.
        self._turned_away.add(door)
        if len(self._turned_away) > SPARE:
            door.close()

    def _gone(self, door: LineDoor) -> None:
        self._doors.discard(door)
        self._turned_away.discard(door)
