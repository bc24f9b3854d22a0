"""One TCP connection of the web door: an HTTP request, which may become a WebSocket.

Rule of this file: bytes, timers and the end of the connection; conversation.py reads messages.

All timers are ours: the package that implements the protocol has none.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from socket import socket

from websockets.http11 import Request
from websockets.server import ServerProtocol

from miniloop import AsyncChat, EventLoop

from ..arrival import Arrival
from ..silence import Silence
from ..vestibule import HANDSHAKE
from .answers import Answer, refuse
from .head import HeadReader, Unfit
from .reception import Reception
from .service import Service
from .websocket import WebSocket, new_protocol

log = logging.getLogger("chatroom")

TOO_SLOW = refuse(HTTPStatus.REQUEST_TIMEOUT, "The request took too long.")


@dataclass(frozen=True, slots=True)
class House:
    """What all connections of one web door share.

    Attributes:
        service: What their seats share.
        reception: Answers requests.
        identify: Called with a connection and the client's address when a proxy has named it.
        seated: Called with a connection when it has a seat.
        max_output: Most bytes that may be queued for a browser.
        login_timeout: Seconds within which the client must give a name.
        gone: Called with a connection when it has closed.
    """

    service: Service
    reception: Reception
    identify: Callable[[Connection, str], None]
    seated: Callable[[Connection], None]
    max_output: int
    login_timeout: float
    gone: Callable[[Connection], None]


class Connection(AsyncChat):
    """One connection.

    Args:
        loop: The loop to be on.
        sock: The accepted connection.
        arrival: The client's address.
        house: What it shares with the other connections.
        tls: What to protect it with; None for plain HTTP.
    """

    def __init__(
        self,
        loop: EventLoop,
        sock: socket,
        arrival: Arrival,
        house: House,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(loop, sock)
        self.max_output = house.max_output
        self.set_terminator(None)
        self.address = arrival.address
        self._unknown = arrival.unknown
        self._house = house
        self._limits = limits = house.service.limits
        self._secure = tls is not None
        self._head: HeadReader | None = HeadReader(
            limits.max_request_head, limits.max_request_lines
        )
        self._take: Callable[[bytes], None] = self._take_head
        self._web: WebSocket | None = None
        self._asked = self._ending = self._gone = False
        self._silence = Silence(loop, self._silent)
        self._deadline = loop.call_later(limits.request_timeout, self._request_timeout)
        if tls is not None:
            self.start_tls(tls, server_side=True, timeout=limits.request_timeout)

    def collect_incoming_data(self, data: bytes) -> None:
        """Process received `data`."""
        self._silence.heard()
        self._take(data)

    # HTTP

    def _take_head(self, data: bytes) -> None:
        if self._head is None:
            return
        try:
            head = self._head.receive(data)
        except Unfit as unfit:
            if data.startswith(HANDSHAKE):
                self._house.reception.warn_of_tls(self.address)
            self._answer(unfit.answer)
            return
        if head is not None:
            rest, self._head = self._head.rest, None
            self._serve(head, rest)

    def _serve(self, head: bytes, rest: bytes) -> None:
        protocol = new_protocol(self._limits.max_frame)
        head_only = head.startswith(b"HEAD ")
        # Some versions of the package lack the other method.
        protocol.receive_data(b"GET" + head[4:] if head_only else head)
        events = protocol.events_received()
        if not events or not isinstance(events[0], Request):
            self._answer(refuse(HTTPStatus.BAD_REQUEST, "This is no HTTP request."))
            return
        answer = self._receive(events[0], head_only=head_only)
        if answer is None:
            self._upgrade(protocol, events[0], rest)
        else:
            self._answer(answer, head_only=head_only)

    def _receive(self, request: Request, *, head_only: bool) -> Answer | None:
        reception, name = self._house.reception, self.socket.getsockname()
        local = str(name[0]) if isinstance(name, tuple) else ""  # a UNIX socket has a path
        try:
            visitor = reception.visitor(request.headers, self.address, local, secure=self._secure)
        except Unfit as unfit:
            return unfit.answer
        if self._unknown:
            self.address, self._unknown = visitor.address, False
            self._house.identify(self, visitor.address)
        return reception.answer(request, visitor, head=head_only)

    def _answer(self, answer: Answer, *, head_only: bool = False) -> None:
        """Send `answer` and give the browser time to read it.

        An immediate close would reset the connection if part of the request was still unread, and a
        reset can discard the answer in transit.
        """
        wall = self._house.service.moment().wall
        data = answer.serialize(wall, head_only=head_only)
        self.max_output = max(self.max_output, len(data))  # our own files are small enough
        self.push(data)
        self._take = _ignore
        self._head = None
        self.half_close()

    def _request_timeout(self) -> None:
        if self._head is not None and self._head.begun:
            self._answer(TOO_SLOW)
        else:
            self.close()  # browsers open connections in advance that they may never need

    # Becoming a WebSocket

    def _upgrade(self, protocol: ServerProtocol, request: Request, rest: bytes) -> None:
        response = protocol.accept(request)
        if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            kept = ((name, response.headers[name]) for name in ("Upgrade", "Allow")
                    if name in response.headers)  # fmt: skip
            sentence = bytes(response.body).decode("utf-8", "replace").strip()
            self._answer(refuse(HTTPStatus(response.status_code), sentence, *kept))
            return
        protocol.send_response(response)
        self._begin(protocol, rest)

    def _begin(self, protocol: ServerProtocol, rest: bytes) -> None:
        self._deadline.cancel()
        self._deadline = self.loop.call_later(self._house.login_timeout, self._login_timeout)
        self._web = WebSocket(self, protocol, self._house.service, self.address)
        self._silence.limit(self._limits.ping_after)
        self._take = self._web.receive
        self._web.flush()
        if rest:
            self._web.receive(rest)

    def _login_timeout(self) -> None:
        if self._web is not None:
            self._web.conversation.too_late()

    def seated(self) -> None:
        """Cancel the log-in timeout: a member has come in."""
        self._house.seated(self)
        if not self._ending:
            self._deadline.cancel()

    def _silent(self) -> None:
        """Ask a silent browser for a sign of life; if it stays silent, the connection is lost."""
        if self._web is not None and not self._asked and self._web.ask():
            self._asked = True
            self._silence.limit(self._limits.pong_timeout)
        else:
            self._leave("connection lost")

    def heard(self) -> None:
        """Note that a whole frame was received: the browser is alive."""
        if self._asked:
            self._asked = False
            self._silence.limit(self._limits.ping_after)

    # The end

    def closing(self) -> None:
        """Begin the limited wait for the answer to a close frame."""
        self._ending = True
        self._deadline.cancel()
        self._deadline = self.loop.call_later(self._limits.close_timeout, self.close)

    def half_close(self) -> None:
        """Send what is queued, shut down the sending side, and wait briefly for the peer."""
        self.closing()
        self.close_write()

    def handle_output_overflow(self) -> None:
        """Close the connection of a browser that reads too slowly; it keeps its seat."""
        self._leave("reads too slowly")

    def handle_close(self) -> None:
        """Close: the browser is gone."""
        self._leave("connection lost")

    def close(self) -> None:
        """Close, whatever the reason."""
        self._leave("connection lost")

    def _leave(self, reason: str) -> None:
        super().close()
        if self._gone:
            return
        self._gone = True
        self._deadline.cancel()
        self._silence.limit(None)
        if self._web is not None:
            self._web.conversation.lost(reason)
        self._house.gone(self)


def _ignore(data: bytes) -> None:
    """Discard data that arrives after the end."""
