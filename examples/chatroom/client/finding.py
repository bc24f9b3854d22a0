"""Which door to go through: the line door says where the web door is.

Rule of this file: before the screen opens; what goes wrong here is a sentence on an ordinary
terminal.

The web door's events have ids, lists and seats to come back to, which the line door's text has not.
So the line door is asked for facts (telnet's option MSSP), and the web door is tried. A server that
does not answer, or whose web door cannot be reached, is spoken to in lines.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field

from miniloop import EventLoop
from miniloop.timers import Handle

from ..doors.line import telnet
from .link import CONNECT_TIMEOUT, Link
from .pace import Pace, pace_for
from .reasons import closed_without_a_word, speaks_tls, why_not_connected, why_not_secured
from .websocket import WebAddress, WebSocket

ANSWER = 1.0  # seconds for the line door's facts; every telnet answers at once, and nc never
HEARD = 5  # lines of the server's that are kept, to be shown if it closes


class NotFound(Exception):
    """There is no conversation with this server; the text says why, for people."""


@dataclass(frozen=True, slots=True)
class Way:
    """How to speak with the server.

    Attributes:
        web: Where its web door is; None: in lines.
        pace: How fast lines may leave.
        note: Why it is in lines although there is a web door; empty otherwise.
    """

    web: WebAddress | None = None
    pace: Pace = field(default_factory=Pace)
    note: str = ""


def find(host: str, port: int, tls: ssl.SSLContext | None) -> Way:
    """Return the way to the server whose line door is at this address; blocks.

    Raises:
        NotFound: There is none.
        KeyboardInterrupt: By the user.
    """
    with EventLoop() as loop:
        finder = Finder(loop, host, port, tls)
        finder.ask_line_door()
        loop.run()
    return finder.result()


def check(address: WebAddress) -> Way:
    """Return the way through the web door at `address`; blocks.

    Raises:
        NotFound: There is no web door.
        KeyboardInterrupt: By the user.
    """
    with EventLoop() as loop:
        finder = Finder(loop, address.host, address.port, address.tls)
        finder.try_web_door(address)
        loop.run()
    way = finder.result()
    if way.web is None:
        raise NotFound(way.note)
    return way


class Finder:
    """Asks one server; the loop stops when the result is there.

    Args:
        loop: The loop to be on.
        host: The server's name or address.
        port: Its line door's port.
        tls: Whom to trust; None speaks without TLS.
    """

    def __init__(self, loop: EventLoop, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        self.host = host
        self.heard = False
        self._loop = loop
        self._port = port
        self._tls = tls
        self._said: list[str] = []
        self._way: Way | None = None
        self._problem = ""
        self._pace = Pace()
        self._link: Link | None = None
        self._timer: Handle | None = None
        self._connected = False
        self._address = WebAddress(host, port, tls)

    def result(self) -> Way:
        """Return the way.

        Raises:
            NotFound: There is none.
            KeyboardInterrupt: The loop was stopped before.
        """
        if self._way is not None:
            return self._way
        if not self._problem:
            raise KeyboardInterrupt
        raise NotFound(self._problem)

    def ask_line_door(self) -> None:
        """Begin with the line door."""
        self._link = Link(self._loop, self, self._tls)
        self._link.connect_to(self.host, self._port, timeout=CONNECT_TIMEOUT)

    def try_web_door(self, address: WebAddress) -> None:
        """Open a WebSocket, which is closed at once."""
        self._address = address
        WebSocket(self._loop, address, self)

    # The link's side

    def connected(self) -> None:
        """Ask."""
        assert self._link is not None
        self._connected = True
        self._link.push(bytes((telnet.IAC, telnet.DO, telnet.MSSP)))
        self._timer = self._loop.call_later(ANSWER, self._settle, Way())

    def connect_failed(self, error: OSError) -> None:
        """Nobody is there."""
        self._fail(why_not_connected(self.host, self._port, error))

    def met_tls(self) -> None:
        """The server speaks TLS, and we do not."""
        self._fail(speaks_tls(self.host, self._port))

    def show(self, line: str) -> None:
        """Keep what the server says, in case it closes."""
        self.heard = True
        self._said = [*self._said, line][-HEARD:]

    def answer(self, data: bytes) -> None:
        """Send what telnet asks for."""
        if self._link is not None and self._link.connected:
            self._link.push(data)

    def tell_window(self) -> None:
        """The window was not offered."""

    def told(self, facts: dict[str, str]) -> None:
        """The line door has answered: try the web door."""
        if self._way is not None or self._link is None:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._pace = pace_for(facts)
        port, secure = _web_port(facts)
        link, self._link = self._link, None
        link.close()
        if not port or secure != (self._tls is not None):
            self._settle(Way(pace=self._pace))
        else:
            self.try_web_door(WebAddress(self.host, port, self._tls))

    def pause_keyboard(self) -> None:
        """There is none."""

    def resume_keyboard(self) -> None:
        """There is none."""

    def server_closed(self, error: BaseException | None) -> None:
        """The line door has ended it, or TLS has failed."""
        if not self._connected and isinstance(error, OSError):
            self._fail(why_not_secured(self.host, self._port, error))
        elif self._said:
            self._fail("\n".join([*self._said, "The server has closed the connection."]))
        else:
            self._fail(closed_without_a_word(self.host, self._port))

    # The WebSocket's side

    def opened(self, socket: WebSocket) -> None:
        """There is a web door."""
        self._settle(Way(self._address, self._pace))

    def receive(self, socket: WebSocket, text: str) -> None:
        """Nothing is said before one has entered."""

    def closed(self, socket: WebSocket) -> None:
        """There is none, unless it was opened before."""
        at = f"{self._address.host} port {self._address.port}"
        why = socket.refusal or "it does not answer as a web door does"
        if isinstance(socket.error, ssl.SSLError):
            why = why_not_secured(self._address.host, self._address.port, socket.error)
        elif isinstance(socket.error, OSError):
            why = why_not_connected(self._address.host, self._address.port, socket.error)
        self._settle(
            Way(None, self._pace, f"The web door at {at} cannot be used: {why.rstrip('.')}.")
        )

    # Inside

    def _settle(self, way: Way) -> None:
        if self._way is None and not self._problem:
            self._way = way
            self._loop.stop(grace=0)

    def _fail(self, problem: str) -> None:
        self._problem = self._problem or problem
        self._loop.stop(grace=0)


def _web_port(facts: dict[str, str]) -> tuple[int, bool]:
    """Return the web door's port, 0 if none is told, and whether it speaks TLS."""
    secure = "HTTPS PORT" in facts
    port = facts.get("HTTPS PORT" if secure else "HTTP PORT", "")
    number = int(port) if port.isascii() and port.isdecimal() and len(port) < 6 else 0
    return (number if 0 < number < 65536 else 0), secure
