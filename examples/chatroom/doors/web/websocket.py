"""An open WebSocket: frames in, messages out, and the closing handshake.

Rule of this file: RFC 6455 around the package ``websockets``, which implements it without I/O.  Two
things are left to this file: checking texts for valid UTF-8, and joining fragments.

The cost of a connection, in KiB of resident memory (``python3 -m
tests.examples.chatroom.doors.web.memory 500``; Python 3.11 on Linux, x86-64): 6.0 when it is open,
7.6 with the negotiated compression, 101 if both sides kept their windows between messages, which is
the default of browsers and package. A seat adds 20, most of it for the first view of a room with
hundreds of members, which is kept in case it did not arrive.
"""

from __future__ import annotations

import logging
from typing import Protocol

from websockets.extensions.permessage_deflate import (
    PerMessageDeflate,
    ServerPerMessageDeflateFactory,
)
from websockets.frames import Frame as Received
from websockets.frames import Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from ...hall.throttle import TokenBucket
from .conversation import TOO_MANY_PROBLEMS, Conversation
from .frames import Frame
from .service import Service

log = logging.getLogger("chatroom")
# In debug mode the protocol would log each message, including private ones.
_QUIET = logging.getLogger("chatroom.websockets")
_QUIET.setLevel(logging.WARNING)
# Each message is compressed independently, so that no connection has to keep a window.
COMPRESSION = ServerPerMessageDeflateFactory(
    server_no_context_takeover=True, client_no_context_takeover=True
)
NO_UTF8, NO_TEXT = 1007, 1003
# Bytes parsed before checking whether they contained too many frames: the smallest frame has six
# bytes, and the protocol answers each ping before this file sees it.
_SLICE = 2048
_WIDEST_WINDOW = 15  # bits; `frames` compresses with this


class Channel(Protocol):
    """What a WebSocket needs from its connection."""

    @property
    def closed(self) -> bool: ...  # noqa: D102 - see above
    def push(self, data: bytes) -> None: ...  # noqa: D102 - see above
    def pause_reading(self) -> None: ...  # noqa: D102 - see above
    def resume_reading(self) -> None: ...  # noqa: D102 - see above
    def closing(self) -> None: ...  # noqa: D102 - see above
    def half_close(self) -> None: ...  # noqa: D102 - see above
    def seated(self) -> None: ...  # noqa: D102 - see above
    def heard(self) -> None: ...  # noqa: D102 - see above


class WebSocket:
    """One open WebSocket.

    Args:
        channel: The connection.
        protocol: Its protocol, just opened.
        service: What all seats share.
        address: The client's address.

    Attributes:
        conversation: The messages on it.
    """

    def __init__(
        self, channel: Channel, protocol: ServerProtocol, service: Service, address: str
    ) -> None:
        limits = service.limits
        self.conversation = Conversation(service, self, address)
        self._channel = channel
        self._protocol = protocol
        self._moment = service.moment
        self._address = address
        self._bucket = TokenBucket(limits.frame_rate, limits.frame_burst, service.moment().mono)
        self._compresses = _understands_ours(protocol)
        self._message = bytearray()
        self._over = self._deaf = False

    # Input

    def receive(self, data: bytes) -> None:
        """Process received `data`."""
        for start in range(0, len(data), _SLICE):
            if not self._deaf:
                self._receive(data[start : start + _SLICE])

    def _receive(self, data: bytes) -> None:
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if not isinstance(event, Received):
                continue
            if not self._bucket.take(self._moment().mono):
                self._silence()
                break
            if not self._over:
                self._channel.heard()
                self._take(event)
        self.flush()

    def _silence(self) -> None:
        """Stop processing after too many frames: no further frame is counted."""
        self._deaf = True
        if not self._over:
            log.info("%s sent too many frames.", self._address)
            self._fail(TOO_MANY_PROBLEMS, "too many messages")

    def _take(self, frame: Received) -> None:
        if frame.opcode in (Opcode.TEXT, Opcode.CONT):
            self._message += frame.data
            if frame.fin:
                self._hear()
        elif frame.opcode is Opcode.BINARY:
            self._fail(NO_TEXT, "only text is understood")
        elif frame.opcode is Opcode.CLOSE:
            self.conversation.lost("connection closed")

    def _hear(self) -> None:
        message, self._message = bytes(self._message), bytearray()
        try:
            text = message.decode("utf-8", "strict")
        except UnicodeDecodeError:
            self._fail(NO_UTF8, "not UTF-8")
            return
        if not self.conversation.ended:
            self.conversation.hear(text)
        if self.conversation.ended and not self._over:  # the farewell may be waiting for the disk
            self._channel.pause_reading()

    # Output

    def show(self, frame: Frame) -> None:
        """Queue `frame`, unless the connection is closing."""
        if not self._over and not self._channel.closed:
            self._channel.push(frame.compressed() if self._compresses else frame.plain)

    def ask(self) -> bool:
        """Send a ping for a sign of life; return whether one can be sent."""
        if self._over or self._protocol.state is not State.OPEN:
            return False
        self._protocol.send_ping(b"")
        self.flush()
        return True

    def seated(self) -> None:
        """Cancel the log-in timeout: a member has come in."""
        self._channel.seated()

    def end(self, code: int, reason: str) -> None:
        """Close in order: queued output is sent first."""
        if self._over or self._channel.closed:
            return
        self._channel.resume_reading()
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(code, reason)
        self.flush()
        self._over = True
        self._channel.closing()

    def flush(self) -> None:
        """Queue the protocol's output; an empty piece is the end."""
        for piece in self._protocol.data_to_send():
            if self._channel.closed:
                return
            if piece:
                self._channel.push(piece)
            else:
                self._over = True
                self._channel.half_close()

    def _fail(self, code: int, reason: str) -> None:
        """Report the peer's protocol error, close, and ignore further input."""
        self._protocol.fail(code, reason)
        self.flush()


def new_protocol(max_size: int) -> ServerProtocol:
    """Return the protocol of a new connection whose messages have at most `max_size` bytes."""
    return ServerProtocol(extensions=[COMPRESSION], max_size=max_size, logger=_QUIET)


def _understands_ours(protocol: ServerProtocol) -> bool:
    return any(
        isinstance(each, PerMessageDeflate) and each.local_max_window_bits == _WIDEST_WINDOW
        for each in protocol.extensions
    )
