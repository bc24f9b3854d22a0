"""The chat server: a listener, the hall, and their orderly end.

Rule of this file: putting the parts together; no protocol and no options.
"""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable

from miniloop import EventLoop, Listener

from .line_door import House, LineDoor
from .messages import Moment
from .rendering import LineRenderer
from .room import Hall

log = logging.getLogger("chatroom")

FAREWELL = "The chat room is closing. Goodbye."


class ChatServer:
    """Listens, and opens a door for each connection.

    Args:
        loop: The loop to be on.
        address: Where to listen: host and port; port 0 takes any free one.
        hall: Where the doors lead.
        wall: The time of day, in seconds since the epoch.

    Raises:
        OSError: The address cannot be listened on.
    """

    def __init__(
        self,
        loop: EventLoop,
        address: tuple[str, int],
        hall: Hall,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._house = House(hall, LineRenderer(), lambda: Moment(loop.time(), wall()))
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self._listener = Listener(loop, address, self._open, family=family)
        loop.on_stop(hall.close, FAREWELL)

    @property
    def address(self) -> tuple[str, int]:
        """The host and the port really listened on."""
        host, port = self._listener.address[:2]
        return host, port

    def _open(self, loop: EventLoop, sock: socket.socket) -> LineDoor | None:
        try:
            # Telnet sends Ctrl-C's DATA MARK as urgent data.  Unless it is left in line, the
            # kernel takes that one byte out of the middle of a command: the rest is misread.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            address = str(sock.getpeername()[0])
        except OSError:
            log.info("A connection was gone before it was served.")
            sock.close()
            return None
        log.info("Connection from %s.", address)
        return LineDoor(loop, sock, address, self._house)
