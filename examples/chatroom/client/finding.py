"""Finding the door to use: the line door reports where the web door is.

Rule of this file: runs before the screen opens; errors are sentences on an ordinary
terminal.

The web door's events have ids, lists and seats to resume, which the line door's text has not.
So the client requests the line door's facts (telnet's option MSSP), and tries the web door. With a
server that does not answer, or whose web door is unreachable, the client uses lines.
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

ANSWER = 1.0  # seconds for the line door's facts; a telnet server answers at once, nc never
HEARD = 5  # lines from the server that are kept, to be shown if it closes


class NotFound(Exception):
    """There is no conversation with this server; the text gives the reason, for the user."""


@dataclass(frozen=True, slots=True)
class Way:
    """How to connect to the server.

    Attributes:
        web: The address of the web door; None uses lines.
        pace: How fast lines may be sent.
        note: Why lines are used although there is a web door; empty otherwise.
    """

    web: WebAddress | None = None
    pace: Pace = field(default_factory=Pace)
    note: str = ""


def find(host: str, port: int, tls: ssl.SSLContext | None) -> Way:
    """Return the way to the server whose line door is at this address; blocks.

    Raises:
        NotFound: The server cannot be used.
        KeyboardInterrupt: The user pressed Ctrl-C.
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
        KeyboardInterrupt: The user pressed Ctrl-C.
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
    """Queries one server; the loop stops when the result is known.

    Args:
        loop: The loop that serves it.
        host: The server's name or address.
        port: Its line door's port.
        tls: The context with the trusted certificates; None connects without TLS.
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
            NotFound: The server cannot be used.
            KeyboardInterrupt: The loop was stopped before the result.
        """
        if self._way is not None:
            return self._way
        if not self._problem:
            raise KeyboardInterrupt
        raise NotFound(self._problem)

    def ask_line_door(self) -> None:
        """Start with the line door."""
        self._link = Link(self._loop, self, self._tls)
        self._link.connect_to(self.host, self._port, timeout=CONNECT_TIMEOUT)

    def try_web_door(self, address: WebAddress) -> None:
        """Open a WebSocket, which is closed immediately after the handshake."""
        self._address = address
        WebSocket(self._loop, address, self)

    # Called by the link

    def connected(self) -> None:
        """Request the facts."""
        assert self._link is not None
        self._connected = True
        self._link.push(bytes((telnet.IAC, telnet.DO, telnet.MSSP)))
        self._timer = self._loop.call_later(ANSWER, self._settle, Way())

    def connect_failed(self, error: OSError) -> None:
        """Report that the server is unreachable."""
        self._fail(why_not_connected(self.host, self._port, error))

    def met_tls(self) -> None:
        """Report that the server uses TLS, and the client does not."""
        self._fail(speaks_tls(self.host, self._port))

    def show(self, line: str) -> None:
        """Keep the server's lines, in case it closes the connection."""
        self.heard = True
        self._said = [*self._said, line][-HEARD:]

    def answer(self, data: bytes) -> None:
        """Send the answers to telnet's requests."""
        if self._link is not None and self._link.connected:
            self._link.push(data)

    def tell_window(self) -> None:
        """No-op: the window size was not offered."""

    def told(self, facts: dict[str, str]) -> None:
        """Handle the line door's facts: try the web door."""
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
        """No-op: there is no keyboard yet."""

    def resume_keyboard(self) -> None:
        """No-op: there is no keyboard yet."""

    def server_closed(self, error: BaseException | None) -> None:
        """Handle a connection that the line door closed, or a TLS failure."""
        if not self._connected and isinstance(error, OSError):
            self._fail(why_not_secured(self.host, self._port, error))
        elif self._said:
            self._fail("\n".join([*self._said, "The server has closed the connection."]))
        else:
            self._fail(closed_without_a_word(self.host, self._port))

    # Called by the WebSocket

    def opened(self, socket: WebSocket) -> None:
        """Report the web door."""
        self._settle(Way(self._address, self._pace))

    def receive(self, socket: WebSocket, text: str) -> None:
        """No-op: the server sends nothing before the log-in."""

    def closed(self, socket: WebSocket) -> None:
        """Report that there is no web door, unless the WebSocket was opened before."""
        at = f"{self._address.host} port {self._address.port}"
        why = socket.refusal or "it does not answer as a web door does"
        if isinstance(socket.error, ssl.SSLError):
            why = why_not_secured(self._address.host, self._address.port, socket.error)
        elif isinstance(socket.error, OSError):
            why = why_not_connected(self._address.host, self._address.port, socket.error)
        self._settle(
            Way(None, self._pace, f"The web door at {at} cannot be used: {why.rstrip('.')}.")
        )

    # Internal

    def _settle(self, way: Way) -> None:
        if self._way is None and not self._problem:
            self._way = way
            self._loop.stop(grace=0)

    def _fail(self, problem: str) -> None:
        self._problem = self._problem or problem
        self._loop.stop(grace=0)


def _web_port(facts: dict[str, str]) -> tuple[int, bool]:
    """Return the web door's port, 0 if none is reported, and whether it uses TLS."""
    secure = "HTTPS PORT" in facts
    port = facts.get("HTTPS PORT" if secure else "HTTP PORT", "")
    number = int(port) if port.isascii() and port.isdecimal() and len(port) < 6 else 0
    return (number if 0 < number < 65536 else 0), secure
