"""The listener of the line door.

Rule of this file: accepting connections, and the bound on refused connections.
"""

from __future__ import annotations

import logging
import socket
from functools import partial

from miniloop import Dispatcher, EventLoop, Listener

from ..arrival import Arrival, arrive
from ..queues import Queues
from ..vestibule import Port, Vestibule
from .door import House, LineDoor

log = logging.getLogger("chatroom")

NO_TLS = (
    b"This port of the chat room speaks TLS, which telnet does not. Try: "
    b"python3 -m examples.chatroom.client --tls --host HOST --port PORT\r\n"
)
KEEPALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPALIVE": 60, "TCP_KEEPINTVL": 30, "TCP_KEEPCNT": 6}
"""Seconds of silence before the first probe, seconds between probes, and their number.

Routers drop a silent connection after a few minutes without a notice: the member receives nothing
more, and the name stays in use.  macOS has TCP_KEEPALIVE for TCP_KEEPIDLE.
"""
SPARE = 100  # connections beyond those counted that get a refusal; further ones are closed


class LineServer:
    """Listens, and opens a line door for each connection.

    Args:
        loop: The loop to be on.
        address: The address to listen on: host and port; port 0 takes any free one.
        house: What the doors share.

    Raises:
        OSError: The address cannot be listened on.
    """

    def __init__(self, loop: EventLoop, address: tuple[str, int], house: House) -> None:
        self._loop = loop
        self._house = house
        self._vestibule = Vestibule(loop, self._port(house))
        self._doors: set[LineDoor] = set()
        self._turned_away: set[LineDoor] = set()
        self._listener = Listener(loop, address, self._open)

    def _port(self, house: House) -> Port:
        limits = house.hall.limits
        return Port(
            arrive=partial(arrive, house.hall.gate),
            admit=self._admit,
            secure=house.tls is not None,
            proxies=house.proxies,
            has_header=True,
            timeout=limits.login_timeout,
            no_tls=lambda: NO_TLS,
            spare=SPARE,
            most_unknown=limits.max_members,
        )

    @property
    def address(self) -> tuple[str, int]:
        """The host and the port of the listening socket."""
        host, port = self._listener.address[:2]
        return host, port

    def queues(self) -> Queues:
        """Return the queued output."""
        return Queues.of([*(door.output_size for door in self._doors), *[0] * len(self._vestibule)])

    def _open(self, loop: EventLoop, sock: socket.socket) -> Dispatcher | None:
        try:
            # Telnet sends Ctrl-C's DATA MARK as urgent data.  Unless it stays inline, the kernel
            # removes that byte from the middle of a command, and the rest is misread.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
            keep_alive(sock)
            address = str(sock.getpeername()[0])
        except OSError:
            log.info("A connection was gone before it was served.")
            sock.close()
            return None
        return self._vestibule.receive(sock, address)

    def _admit(self, sock: socket.socket, arrival: Arrival) -> LineDoor:
        log.info("Connection from %s.", arrival.address)
        door = LineDoor(self._loop, sock, arrival, self._house)
        self._doors.add(door)
        door.on_close(self._gone, door)
        if door.turned_away:
            self._turn_away(door)
        return door

    def _turn_away(self, door: LineDoor) -> None:
        # A client that never finishes the TLS handshake stays until the timeout and is not counted
        # elsewhere.  It must not keep out clients that the hall has a place for.
        self._turned_away.add(door)
        if len(self._turned_away) > SPARE:
            door.close()

    def _gone(self, door: LineDoor) -> None:
        self._doors.discard(door)
        self._turned_away.discard(door)


def keep_alive(sock: socket.socket) -> None:
    """Enable TCP keepalive, so that routers remember the connection.

    Raises:
        OSError: The connection is gone.
    """
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in KEEPALIVE.items():
        if (option := getattr(socket, name, None)) is not None:
            sock.setsockopt(socket.IPPROTO_TCP, option, value)
