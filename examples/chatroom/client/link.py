"""A connection to the line door, or to any server that sends lines as telnet does.

Rule of this file: bytes to rows of safe text, and telnet negotiation; the client does the rest.
"""

from __future__ import annotations

import ssl
from typing import Protocol

from miniloop import AsyncChat, EventLoop

from ..doors.line import telnet
from ..doors.line.rows import INDENT
from ..people.text import decode

LONGEST_LINE = 65536  # bytes; the server's lines are far shorter
LONGEST_SUBNEGOTIATION = 1024  # bytes
HIGH_WATER = 65536  # queued output in bytes, above which the keyboard is paused
CONNECT_TIMEOUT = 20.0  # seconds to resolve the server's name and to connect
TLS_TIMEOUT = 10.0  # seconds for the handshake
TLS_ALERT = b"\x15\x03"  # how a TLS server's alert begins


class Hearer(Protocol):
    """Receives the events of a link; `host` is the server's name, as its certificate has it.

    `heard` is True once the server has sent anything.
    """

    host: str
    heard: bool

    def connected(self) -> None: ...  # noqa: D102 - see `Link`
    def connect_failed(self, error: OSError) -> None: ...  # noqa: D102 - see `Link`
    def met_tls(self) -> None: ...  # noqa: D102 - see `Link`
    def show(self, line: str) -> None: ...  # noqa: D102 - see `Link`
    def answer(self, data: bytes) -> None: ...  # noqa: D102 - see `Link`
    def tell_window(self) -> None: ...  # noqa: D102 - see `Link`
    def told(self, facts: dict[str, str]) -> None: ...  # noqa: D102 - see `Link`
    def pause_keyboard(self) -> None: ...  # noqa: D102 - see `Link`
    def resume_keyboard(self) -> None: ...  # noqa: D102 - see `Link`
    def server_closed(self, error: BaseException | None) -> None: ...  # noqa: D102 - see `Link`


class Link(AsyncChat):
    """The connection to the server.

    Args:
        loop: The loop that serves it.
        client: Receives the events.
        tls: The context with the trusted certificates; None connects without TLS.
    """

    def __init__(self, loop: EventLoop, client: Hearer, tls: ssl.SSLContext | None) -> None:
        super().__init__(loop)
        self._context = tls
        self.high_water, self.low_water = HIGH_WATER, HIGH_WATER // 4
        self.set_terminator(None)
        self._client = client
        self._decoder = telnet.TelnetDecoder(LONGEST_LINE, LONGEST_SUBNEGOTIATION, has_window=True)

    def handle_connect(self) -> None:
        """Report the connection, or start TLS on it."""
        if self._context is None:
            self._client.connected()
        else:
            name = self._client.host
            self.start_tls(self._context, server_hostname=name, timeout=TLS_TIMEOUT)

    def handle_secured(self) -> None:
        """Report the connection, whose certificate is verified."""
        self._client.connected()

    def handle_connect_error(self, error: OSError) -> None:
        """Report that the server is unreachable, or that its name does not resolve."""
        self._client.connect_failed(error)

    def collect_incoming_data(self, data: bytes) -> None:
        """Show whole lines; answer telnet's requests, including the server's ping."""
        if self._context is None and not self._client.heard and data.startswith(TLS_ALERT):
            self._client.met_tls()
            return
        for event in self._decoder.receive(data):
            if isinstance(event, telnet.Line):
                self._client.show(row_of(event.data))
            elif isinstance(event, telnet.Reply):
                self._client.answer(event.data)
            elif isinstance(event, telnet.Welcomed):
                self._client.tell_window()
            elif isinstance(event, telnet.Status):
                self._client.told(event.facts)

    def handle_high_water(self) -> None:
        """Pause the keyboard: the server reads more slowly than the user types."""
        self._client.pause_keyboard()

    def handle_low_water(self) -> None:
        """Resume the keyboard."""
        self._client.resume_keyboard()

    def handle_close(self) -> None:
        """Report that the server has closed the connection."""
        self.close()
        self._client.server_closed(self.error)


def row_of(data: bytes) -> str:
    """Return a row of the server's text, made safe; an indent marks the continuation of a line."""
    text = decode(data)
    return INDENT + text.lstrip() if data.startswith(INDENT.encode()) else text
