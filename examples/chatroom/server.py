"""The chat server: the hall, its doors, and their orderly shutdown.

Rule of this file: put the parts together; no protocol and no options.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable, Iterable

from miniloop import EventLoop

from .doors.certificates import Certificate
from .doors.line.door import House
from .doors.line.rendering import LineRenderer
from .doors.line.server import LineServer
from .doors.proxies import Proxies
from .doors.queues import Queues
from .doors.web.door import WebDoor
from .doors.web.limits import WebLimits
from .hall.hall import Hall
from .hall.messages import Moment
from .keeping import Keeping
from .people.operators import BadOperators, Operators
from .status import Status

log = logging.getLogger("chatroom")

FAREWELL = "The chat room is closing. Goodbye."
TRIM_EVERY = 60.0  # seconds; a busy room may produce some tens of megabytes in that time
STDIN = 0
FOREVER = float("inf")


class ChatServer:
    """The running chat room.

    Args:
        loop: The loop to be on.
        hall: The hall.
        keeping: The store of the hall.
        operators: The operators' accounts.
        certificate: The doors' certificate; without one they do not use TLS.
        wall: The time of day, in seconds since the epoch.
        proxies: The proxies that are trusted about the client's address.
        measured: Whether the loop's latency is measured; see `Status`.

    Attributes:
        hall: The hall.
        status: The server's state.
    """

    def __init__(
        self,
        loop: EventLoop,
        hall: Hall,
        keeping: Keeping,
        operators: Operators,
        certificate: Certificate | None = None,
        wall: Callable[[], float] = time.time,
        proxies: Proxies | None = None,
        *,
        measured: bool = True,
    ) -> None:
        self.hall = hall
        self.status = Status(loop, hall, keeping, certificate, measured=measured)
        self._loop = loop
        self._keeping = keeping
        self._operators = operators
        self._certificate = certificate
        self._wall = wall
        self._proxies = proxies if proxies is not None else Proxies()
        self._web_port = 0
        self._on_terminal = os.isatty(STDIN)
        hall.begin(self.moment())
        self.every(1.0, self._tick)
        self.every(TRIM_EVERY, keeping.trim)
        keeping.trim()
        loop.on_stop(self._stop)
        if hasattr(signal, "SIGHUP"):
            loop.add_signal_handler(signal.SIGHUP, self._hung_up)

    def moment(self) -> Moment:
        """Return the time in the hall's format."""
        clock = self._keeping.clock
        steady = None if clock is None else clock.now()
        return Moment(self._loop.time(), self._wall(), steady)

    @property
    def secure(self) -> bool:
        """Whether the doors use TLS."""
        return self._certificate is not None

    def open_lines(self, address: tuple[str, int]) -> LineServer:
        """Open the door for telnet.

        Raises:
            OSError: The address cannot be listened on.
        """
        tls = self._certificate.current if self._certificate else None
        house = House(self.hall, LineRenderer(), self.moment, tls, self._proxies, self._facts)
        lines = LineServer(self._loop, address, house)
        self.status.doors["telnet"] = lines.queues
        return lines

    def open_web(
        self,
        address: tuple[str, int],
        origins: Iterable[str],
        limits: WebLimits,
        names: Iterable[str] = (),
    ) -> WebDoor:
        """Open the door for browsers.

        Args:
            address: The address to listen on: host and port; port 0 takes any free one.
            origins: Origins, besides our own, whose pages may come in.
            limits: The limits of this door.
            names: Names by which the server may be called besides the machine's own.

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
            names=names,
            proxies=self._proxies,
            tls=self._certificate.current if self._certificate else None,
            limits=limits,
        )
        self.status.doors["web"] = lambda: Queues.from_figures(web.figures())
        self._web_port = web.address[1]
        return web

    def _facts(self) -> dict[str, str]:
        """Return the facts for the terminal client: the web door's port, and the permitted pace.

        Only the port: the client already has the host.
        """
        limits = self.hall.limits
        facts = {"FLOOD BURST": str(limits.flood_burst), "FLOOD RATE": str(limits.flood_rate)}
        if self._web_port:
            facts["HTTPS PORT" if self.secure else "HTTP PORT"] = str(self._web_port)
        return facts

    def _hung_up(self) -> None:
        # SIGHUP has two meanings: a reload is requested, or the terminal was closed.
        if self._on_terminal and not os.isatty(STDIN):
            log.info("The terminal is gone.")
            self._loop.stop()
        else:
            self.reload()

    def reload(self) -> None:
        """Read again the files that may have changed: the certificate, the operators."""
        log.info("Reading the files again.")
        if self._certificate is not None:
            self._certificate.reload()
        try:
            self._operators.reload()
        except (BadOperators, OSError) as error:
            log.error("The operators stay who they were: %s", error)

    def every(self, seconds: float, action: Callable[[], object]) -> None:
        """Call `action` periodically, for the first time after `seconds`."""

        def again() -> None:
            self._loop.call_later(seconds, again)  # first: a failure must not stop the period
            action()

        self._loop.call_later(seconds, again)

    def _tick(self) -> None:
        self.hall.tick(self.moment())
        self.status.tick()

    def _stop(self) -> None:
        """Store all messages, then send every member the farewell; see `Keeping.close`."""
        if self.hall.ledger.problem:  # one more retry, though it may not be time for one
            self.hall.ledger.tick(FOREVER)
        self.hall.close(FAREWELL)
        self._keeping.close()
        if lost := len(self.hall.ledger):
            log.error("%d messages and changes could not be stored, and are lost.", lost)
