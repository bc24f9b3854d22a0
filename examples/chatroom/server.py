"""The chat server: the hall, its doors, and their orderly end.

Rule of this file: putting the parts together; no protocol and no options.
"""

from __future__ import annotations

import logging
import signal
import socket
import time
from collections.abc import Callable, Iterable

from miniloop import EventLoop, Listener

from .doors.certificates import Certificate
from .doors.line.door import House, LineDoor
from .doors.line.rendering import LineRenderer
from .doors.web.door import WebDoor
from .doors.web.limits import WebLimits
from .hall.hall import Hall
from .hall.messages import Moment
from .keeping import Keeping
from .people.operators import BadOperators, Operators
from .status import Queues, Status

log = logging.getLogger("chatroom")

FAREWELL = "The chat room is closing. Goodbye."
TRIM_EVERY = 60.0  # seconds; a busy room may say some tens of megabytes in that time
SPARE = 100  # connections beyond those counted: told why they are not let in; others are cut
FOREVER = float("inf")


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
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
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


class ChatServer:
    """The running chat room.

    Args:
        loop: The loop to be on.
        hall: Where the doors lead.
        keeping: Where what is said there is kept.
        operators: Who keeps order.
        certificate: What the doors show; they speak without TLS if there is none.
        wall: The time of day, in seconds since the epoch.

    Attributes:
        hall: Where the doors lead.
        status: How everything is.
    """

    def __init__(
        self,
        loop: EventLoop,
        hall: Hall,
        keeping: Keeping,
        operators: Operators,
        certificate: Certificate | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.hall = hall
        self.status = Status(loop, hall, keeping, certificate)
        self._loop = loop
        self._keeping = keeping
        self._operators = operators
        self._certificate = certificate
        self._wall = wall
        self._every(1.0, self._tick)
        self._every(TRIM_EVERY, keeping.trim)
        keeping.trim()
        loop.on_stop(self._stop)
        if hasattr(signal, "SIGHUP"):
            loop.add_signal_handler(signal.SIGHUP, self.reload)

    def moment(self) -> Moment:
        """Return the time, as the hall wants it."""
        return Moment(self._loop.time(), self._wall())

    @property
    def secure(self) -> bool:
        """Whether the doors speak TLS."""
        return self._certificate is not None

    def open_lines(self, address: tuple[str, int]) -> LineServer:
        """Open the door for telnet.

        Raises:
            OSError: The address cannot be listened on.
        """
        tls = self._certificate.current if self._certificate else None
        house = House(self.hall, LineRenderer(), self.moment, tls)
        lines = LineServer(self._loop, address, house)
        self.status.doors["telnet"] = lines.queues
        return lines

    def open_web(
        self, address: tuple[str, int], origins: Iterable[str], limits: WebLimits
    ) -> WebDoor:
        """Open the door for browsers.

        Args:
            address: Where to listen: host and port; port 0 takes any free one.
            origins: Pages of these origins may come in besides our own.
            limits: The limits of this door.

        Raises:
            ImportError: The package websockets is missing.
            OSError: The address cannot be listened on.
        """
        web = WebDoor(
            self._loop,
            address,
            self.hall,
            self.moment,
            status=self.status.figures,
            origins=origins,
            tls=self._certificate.current if self._certificate else None,
            limits=limits,
        )
        self.status.doors["web"] = lambda: Queues.from_figures(web.figures())
        return web

    def reload(self) -> None:
        """Read the files again that may have changed: the certificate, the operators."""
        log.info("Reading the files again.")
        if self._certificate is not None:
            self._certificate.reload()
        try:
            self._operators.reload()
        except (BadOperators, OSError) as error:
            log.error("The operators stay who they were: %s", error)

    def _every(self, seconds: float, action: Callable[[], object]) -> None:
        def again() -> None:
            self._loop.call_later(seconds, again)  # first: one failure must not be the last
            action()

        self._loop.call_later(seconds, again)

    def _tick(self) -> None:
        self.hall.tick(self.moment())
        self.status.tick()

    def _stop(self) -> None:
        """What was said is stored, then everybody hears the last word; see `Keeping.close`."""
        if self.hall.ledger.problem:  # one more try, though it may not be time for one
            self.hall.ledger.tick(FOREVER)
        self.hall.close(FAREWELL)
        self._keeping.close()
        if lost := len(self.hall.ledger):
            log.error("%d messages and changes could not be stored, and are lost.", lost)
