"""The web door: listens, counts, and makes a connection for each client.

Rule of this file: put the parts together.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from miniloop import Dispatcher, EventLoop, Listener

from ...hall.hall import Hall
from ...hall.members import Outlet
from ...hall.messages import Moment
from ...people.addresses import source_of
from ..arrival import Arrival
from ..crowding import one_too_many
from ..ports import reachable
from ..proxies import Proxies
from ..session import Session
from ..vestibule import Port, Vestibule
from .answers import refuse
from .frames import Framer
from .hosts import Hosts, host_of, own_names
from .limits import WebLimits
from .origin import normal
from .pages import STATIC, Pages
from .service import Service

if TYPE_CHECKING:
    import ssl

    from .connection import Connection

log = logging.getLogger("chatroom")

NO_TLS = "This port speaks TLS: the page's address begins with https://."
MISSING = (
    "The web door needs the package websockets; in this clone: "
    "python3 -m venv .venv/chat && .venv/chat/bin/pip install -e '.[chat]'"
)


class WebDoor:
    """Serves the page, its WebSocket and the server's state.

    Args:
        loop: The loop to be on.
        address: The address to listen on: host and port; port 0 takes any free one.
        hall: The hall.
        moment: Returns the time.
        status: Returns the server's state, for ``/status``: a dict of plain values and dicts.
        origins: Origins, besides our own, whose pages may come in, such as
            ``https://chat.example.org`` with a proxy in front of this server.
        names: Names by which this server may be called on addresses that are not public, besides
            the machine's own, `address`'s and those in `origins`.
        proxies: The proxies that are trusted about the client's address.
        tls: Returns the TLS context for a new connection, called for each of them, so that a
            renewed certificate is used at once; None for plain HTTP.
        limits: The limits of this door; those of the hall apply as well.
        folder: Where the page's files are.

    Raises:
        ImportError: The package ``websockets`` is missing.
        OSError: The address cannot be listened on.
        ValueError: One of `origins` is not an origin.
    """

    def __init__(
        self,
        loop: EventLoop,
        address: tuple[str, int],
        hall: Hall,
        moment: Callable[[], Moment],
        *,
        status: Callable[[], Mapping[str, object]],
        origins: Iterable[str] = (),
        names: Iterable[str] = (),
        proxies: Proxies | None = None,
        tls: Callable[[], ssl.SSLContext] | None = None,
        limits: WebLimits | None = None,
        folder: Path = STATIC,
    ) -> None:
        try:
            from .connection import Connection, House
            from .reception import Reception
        except ImportError as error:
            raise ImportError(MISSING) from error
        self._loop = loop
        self._hall = hall
        self._tls = tls
        self._limits = limits = limits if limits is not None else WebLimits()
        self._proxies = proxies = proxies if proxies is not None else Proxies()
        self._connections: set[Connection] = set()
        self._visitors: dict[Connection, str] = {}  # without a seat; with sources, oldest first
        self._unknown: set[Connection] = set()
        self._connect = Connection
        self._service = self._make_service(loop, moment)
        others = frozenset(map(normal, origins))
        hosts = Hosts({*own_names(), address[0], *names, *(_host(each) for each in others)})
        self._house = House(
            self._service,
            Reception(Pages(status, folder), hosts, others, proxies),
            self._identify,
            self._seated,
            hall.limits.max_output,
            hall.limits.login_timeout,
            self._gone,
        )
        self._vestibule = Vestibule(loop, self._port(moment))
        self._listener = Listener(loop, address, self._open)

    def _port(self, moment: Callable[[], Moment]) -> Port:
        return Port(
            arrive=Arrival,  # a place is taken with a seat
            admit=self._admit,
            secure=self._tls is not None,
            proxies=self._proxies,
            has_header=False,
            timeout=self._limits.request_timeout,
            no_tls=lambda: refuse(HTTPStatus.BAD_REQUEST, NO_TLS).serialize(moment().wall),
            spare=self._limits.max_visitors,
            most_unknown=self._hall.limits.max_members,
        )

    def _make_service(self, loop: EventLoop, moment: Callable[[], Moment]) -> Service:
        hall = self._hall

        def open_session(outlet: Outlet, address: str, now: Moment) -> Session:
            place = hall.gate.enter(address)
            try:
                return Session(hall, outlet, place, now, roaming=True)
            except BaseException:
                place.leave()
                raise

        framer = Framer(self._limits.compress_from)
        return Service(
            self._limits, moment, loop.call_later, open_session, framer, hall.order.shared
        )

    @property
    def address(self) -> tuple[str, int]:
        """The host and the port of the listening socket."""
        host, port = self._listener.address[:2]
        return host, port

    @property
    def url(self) -> str:
        """The URL for a browser."""
        host, port = reachable(self.address[0]), self.address[1]
        shown = f"[{host}]" if ":" in host else host
        return f"{'http' if self._tls is None else 'https'}://{shown}:{port}/"

    def figures(self) -> dict[str, int]:
        """Return numbers for the server's state; output in bytes, in total and of the slowest."""
        seats = self._service.tokens.holders()
        queued = [each.output_size for each in self._connections]
        return {
            "connections": len(self._connections) + len(self._vestibule),
            "seats": len(seats),
            "seats_waiting": sum(seat.waiting for seat in seats),
            "visitors": len(self._visitors),
            "output_queued": sum(queued),
            "output_largest": max(queued, default=0),
        }

    def close(self) -> None:
        """Stop listening; existing connections continue."""
        self._listener.close()

    def _open(self, loop: EventLoop, sock: socket.socket) -> Dispatcher | None:
        try:
            address = str(sock.getpeername()[0])
        except OSError:
            log.info("A connection was gone before it was served.")
            sock.close()
            return None
        if self._proxies.trust(address) and len(self._unknown) >= self._hall.limits.max_members:
            sock.close()
            return None
        return self._vestibule.receive(sock, address)

    def _admit(self, sock: socket.socket, arrival: Arrival) -> Connection:
        tls = self._tls() if self._tls is not None else None
        connection = self._connect(self._loop, sock, arrival, self._house, tls)
        self._connections.add(connection)
        if arrival.unknown:
            self._unknown.add(connection)
        else:
            self._receive(connection, arrival.address)
        return connection

    def _identify(self, connection: Connection, address: str) -> None:
        """Use the client's address that a proxy has named."""
        self._unknown.discard(connection)
        self._receive(connection, address)

    def _receive(self, connection: Connection, address: str) -> None:
        """Bound the connections without a seat by their own limit: they take no member's place."""
        self._visitors[connection] = source_of(address)
        if len(self._visitors) > self._limits.max_visitors:
            crowd = one_too_many(self._visitors)
            log.info("Too many connections without a seat: one is cut, from %s.", crowd.address)
            crowd.close()

    def _seated(self, connection: Connection) -> None:
        self._visitors.pop(connection, None)

    def _gone(self, connection: Connection) -> None:
        self._connections.discard(connection)
        self._unknown.discard(connection)
        self._visitors.pop(connection, None)


def _host(origin: str) -> str:
    return host_of(origin.partition("://")[2])
