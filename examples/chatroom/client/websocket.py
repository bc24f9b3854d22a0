"""A WebSocket to the web door.

Rule of this file: bytes and frames, around the package ``websockets``, which does RFC 6455 without
I/O; the owner handles the messages.
"""

from __future__ import annotations

import logging
import ssl
from dataclasses import dataclass
from typing import Protocol

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.uri import WebSocketURI

from miniloop import AsyncChat, EventLoop

from ..people.text import clean, decode, shorten

CONNECT_TIMEOUT = 20.0  # seconds to resolve and connect, including TLS and the handshake
SILENCE = 75.0  # seconds; the server sends a ping after 30
LARGEST = 4 * 2**20  # bytes of a message: a room with thousands of people, and its newest lines
_QUIET = logging.getLogger("chatroom.client.websockets")  # its messages contain what members say
_QUIET.setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class WebAddress:
    """The address of a web door.

    Attributes:
        host: The server's name or address.
        port: The web door's port.
        tls: The context with the trusted certificates; None connects without TLS.
        folder: The path of the page, with a slash at both ends.
    """

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    folder: str = "/"


class Owner(Protocol):
    """Receives the events of a WebSocket."""

    def opened(self, socket: WebSocket) -> None:
        """Handle the completed handshake: messages may be sent."""

    def receive(self, socket: WebSocket, text: str) -> None:
        """Handle a text message."""

    def closed(self, socket: WebSocket) -> None:
        """Handle the end; `code`, `refusal` and `error` give the reason. Called once."""


class WebSocket(AsyncChat):
    """A WebSocket connection.

    Args:
        loop: The loop that serves it.
        address: The web door.
        owner: Receives the events.

    Attributes:
        code: The close code (RFC 6455, 7.4); 1006 if the connection was lost.
        refusal: The server's reason for refusing the handshake; empty if it succeeded.
    """

    def __init__(self, loop: EventLoop, address: WebAddress, owner: Owner) -> None:
        super().__init__(loop)
        self.code = 1006
        self.refusal = ""
        self._address = address
        self._owner = owner
        self._protocol = ClientProtocol(
            WebSocketURI(
                address.tls is not None, address.host, address.port, address.folder + "chat", ""
            ),
            max_size=LARGEST,
            logger=_QUIET,
        )
        self._message = bytearray()
        self._timer = loop.call_later(CONNECT_TIMEOUT, self.abandon, "no answer in time")
        self.set_terminator(None)
        self.on_close(self._over)
        self.connect_to(address.host, address.port, timeout=CONNECT_TIMEOUT)

    @property
    def open(self) -> bool:
        """Whether messages may be sent."""
        return self._protocol.state is State.OPEN and not self.closed

    def say(self, text: str) -> None:
        """Send a text message, if it is open."""
        if self.open:
            self._protocol.send_text(text.encode("utf-8", "replace"))
            self._pump()

    def abandon(self, why: str = "") -> None:
        """Close without waiting for the server."""
        self.refusal = self.refusal or why
        self.close()

    # Called by the loop

    def handle_connect(self) -> None:
        """Start TLS if the address asks for it, else the WebSocket handshake."""
        if self._address.tls is None:
            self._begin()
        else:
            name = self._address.host
            self.start_tls(self._address.tls, server_hostname=name, timeout=CONNECT_TIMEOUT)

    def handle_secured(self) -> None:
        """Start the WebSocket handshake."""
        self._begin()

    def handle_connect_error(self, error: OSError) -> None:
        """Report that the server is unreachable, or its name does not resolve; see `error`."""
        self.error = error
        self.close()

    def collect_incoming_data(self, data: bytes) -> None:
        """Parse `data` as it arrives."""
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Response):
                self._answered(event)
            elif isinstance(event, Frame):
                self._take(event)
        self._pump()

    def handle_close(self) -> None:
        """Report that the server has closed the connection."""
        self.close()

    def handle_idle(self) -> None:
        """Close: nothing was received for long, so the connection is broken."""
        self.close()

    # Internal

    def _begin(self) -> None:
        self._protocol.send_request(self._protocol.connect())
        self._pump()

    def _answered(self, response: Response) -> None:
        if self._protocol.handshake_exc is None:
            self._timer.cancel()
            self.set_idle_timeout(SILENCE)
            self._owner.opened(self)
            return
        body = decode(bytes(response.body or b""))
        words = clean(f"{response.status_code} {response.reason_phrase}")
        self.refusal = shorten(body.strip() or words, 400)
        self.close()

    def _take(self, frame: Frame) -> None:
        if frame.opcode in (Opcode.TEXT, Opcode.CONT):
            self._message += frame.data
            if len(self._message) > LARGEST:
                self.abandon("a message of the server's is too long")
            elif frame.fin:
                message, self._message = bytes(self._message), bytearray()
                self._owner.receive(self, message.decode("utf-8", "replace"))
        elif frame.opcode is Opcode.CLOSE:
            self.code = self._protocol.close_code or 1006

    def _pump(self) -> None:
        for piece in self._protocol.data_to_send():
            if self.closed:
                return
            if piece:
                self.push(piece)
            else:
                self.close_when_done()

    def _over(self) -> None:
        self._timer.cancel()
        self._owner.closed(self)
