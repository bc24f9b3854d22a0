"""An open WebSocket: frames in, messages out, and the closing handshake.

Rule of this file: RFC 6455 around the package ``websockets``, which does it without I/O.  What it
leaves to us: it checks no UTF-8 in texts, and joins no fragments.

What a connection costs, in KiB of resident memory (``python3 -m
tests.examples.chatroom.doors.web.memory 500``; Python 3.11 on Linux, x86-64): 6.0 when it is open,
7.6 if it compresses as we agree to, 101 if each side kept its window from message to message, as is
the default of browsers and package. With a seat it is 20 more, most of it the first view of a room
with hundreds of people, kept in case it did not arrive.
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
# The protocol would log each message in debug mode, and with it what nobody else may read.
_QUIET = logging.getLogger("chatroom.websockets")
_QUIET.setLevel(logging.WARNING)
# Each message stands for itself, so that no connection has to keep a window.
COMPRESSION = ServerPerMessageDeflateFactory(
    server_no_context_takeover=True, client_no_context_takeover=True
)
NO_UTF8, NO_TEXT = 1007, 1003
# Bytes parsed before looking whether they were too many frames: the smallest have six bytes, and
# the protocol answers each ping before we see it.
_SLICE = 2048
_WIDEST_WINDOW = 15  # bits; what `frames` compresses with


class Channel(Protocol):
    """What a WebSocket needs of its connection."""

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
        address: Where it comes from.

    Attributes:
        conversation: What is said on it.
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

    # What comes

    def receive(self, data: bytes) -> None:
        """Take `data` as it comes."""
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
        """Those were too many frames: not even their number is looked at from here on."""
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
        if self.conversation.ended and not self._over:  # the farewell may wait for the disk
            self._channel.pause_reading()

    # What goes

    def show(self, frame: Frame) -> None:
        """Queue `frame`, unless the end was told already."""
        if not self._over and not self._channel.closed:
            self._channel.push(frame.compressed() if self._compresses else frame.plain)

    def ask(self) -> bool:
        """Ask for a sign of life; say whether that makes sense."""
        if self._over or self._protocol.state is not State.OPEN:
            return False
        self._protocol.send_ping(b"")
        self.flush()
        return True

    def seated(self) -> None:
        """Somebody has come in: there is no more hurry."""
        self._channel.seated()

    def end(self, code: int, reason: str) -> None:
        """Close in order: what is queued leaves before."""
        if self._over or self._channel.closed:
            return
        self._channel.resume_reading()
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(code, reason)
        self.flush()
        self._over = True
        self._channel.closing()

    def flush(self) -> None:
        """Queue what the protocol has to say; an empty piece is the end."""
        for piece in self._protocol.data_to_send():
            if self._channel.closed:
                return
            if piece:
                self._channel.push(piece)
            else:
                self._over = True
                self._channel.half_close()

    def _fail(self, code: int, reason: str) -> None:
        """The other side has broken the rules: say so, and hear no more."""
        self._protocol.fail(code, reason)
        self.flush()


def new_protocol(max_size: int) -> ServerProtocol:
    """Return the protocol of a new connection, whose messages have at most `max_size` bytes."""
    return ServerProtocol(extensions=[COMPRESSION], max_size=max_size, logger=_QUIET)


def _understands_ours(protocol: ServerProtocol) -> bool:
    return any(
        isinstance(each, PerMessageDeflate) and each.local_max_window_bits == _WIDEST_WINDOW
        for each in protocol.extensions
    )
