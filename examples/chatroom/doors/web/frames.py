"""WebSocket frames that many connections share.

Rule of this file: bytes of whole text messages as the server sends them (RFC 6455, RFC 7692).

A server's frames are not masked, so the frame of a broadcast is the same for all: it is built once,
and all queues share its bytes.  Only long lists are compressed. A list goes to one connection, and
its compressed form is not cached, since the same list is seldom sent again.
"""

from __future__ import annotations

import struct
import zlib

from ...hall.messages import Event, Message
from .events import Json, describe, encode

_TEXT, _TEXT_COMPRESSED = 0x81, 0xC1  # FIN and opcode 1; RSV1 says compressed
_SYNC_TAIL = b"\x00\x00\xff\xff"


class Frame:
    """One text message, framed.

    Args:
        payload: The message.
        worth: Whether compression is worth the time.

    Attributes:
        plain: The frame, uncompressed.
    """

    __slots__ = ("_worth", "plain")

    def __init__(self, payload: bytes, *, worth: bool = False) -> None:
        self.plain = _frame(_TEXT, payload)
        self._worth = worth

    def compressed(self) -> bytes:
        """Return the frame for clients with compression; the plain frame if it is not worth it."""
        if not self._worth:
            return self.plain
        start = _payload_start(len(self.plain))
        return _frame(_TEXT_COMPRESSED, _deflate(self.plain[start:]))

    def __len__(self) -> int:
        """Return the plain frame's length in bytes."""
        return len(self.plain)


class Framer:
    """Encodes events as frames, once for all recipients.

    The hall delivers one event to all its recipients before the next event, so caching the last one
    is enough: a thousand members share one bytes object.

    Args:
        compress_from: Bytes from which lists are compressed.  Broadcasts never are: they are short.
    """

    def __init__(self, compress_from: int) -> None:
        self._compress_from = compress_from
        self._last: Event | None = None
        self._frame = Frame(b"")

    def event(self, event: Event) -> Frame:
        """Return the frame of `event`."""
        if event is not self._last:
            payload = encode(describe(event))
            long = len(payload) >= self._compress_from
            self._frame = Frame(payload, worth=long and not isinstance(event, Message))
            self._last = event
        return self._frame


def frame_of(value: Json) -> Frame:
    """Return the frame of a value that is sent to one connection alone."""
    return Frame(encode(value))


def _frame(head: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes((head, size)) + payload
    if size < 65536:
        return struct.pack("!BBH", head, 126, size) + payload
    return struct.pack("!BBQ", head, 127, size) + payload


def _payload_start(frame_size: int) -> int:
    if frame_size < 128:
        return 2
    return 4 if frame_size < 65540 else 10


def _deflate(payload: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    data = compressor.compress(payload) + compressor.flush(zlib.Z_SYNC_FLUSH)
    return data.removesuffix(_SYNC_TAIL)
