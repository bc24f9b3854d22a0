"""The two buffers of a simulated TCP connection's end, and the urgent byte in them.

Each direction has at most one urgent byte: a later one takes its place, and the earlier one becomes
an ordinary byte of the stream.
"""

import errno
from typing import NamedTuple

from miniloop.testing.errors import error

_SHOWN_BYTES = 60


class Segment(NamedTuple):
    """A piece of the stream on its way.

    Attributes:
        data: the bytes.
        urgent: the index of the urgent byte in them, None without one.
    """

    data: bytearray
    urgent: int | None

    def __str__(self) -> str:
        """Return the size and the first bytes, for the log."""
        text = f"{len(self.data)} bytes {bytes(self.data[:_SHOWN_BYTES])!r}"
        return text if len(self.data) <= _SHOWN_BYTES else text + "..."


class SendBuffer:
    """The bytes that were sent and have not arrived at the other end.

    Attributes:
        limit: its size in bytes.
    """

    def __init__(self, limit: int) -> None:
        """Start empty."""
        self.limit = limit
        self._data = bytearray()
        self._urgent: int | None = None  # its index

    def __len__(self) -> int:
        """Return the number of bytes in it."""
        return len(self._data)

    def room(self) -> int:
        """Return the number of bytes that fit in; not above 0 when it is full."""
        return self.limit - len(self._data)

    def writable(self) -> bool:
        """Return whether POLLOUT is set: a third of the buffer is free (Linux's rule)."""
        return 0 < self.room() >= len(self._data) >> 1

    def append(self, data: bytes | memoryview, *, urgent: bool = False) -> None:
        """Add all of ``data``, even beyond the limit; ``urgent`` marks its last byte."""
        self._data += data
        if urgent:
            self._urgent = len(self._data) - 1

    def cut(self, size: int) -> Segment:
        """Remove the first ``size`` bytes and return them."""
        data = self._data[:size]
        del self._data[:size]
        mark, self._urgent = self._urgent, None
        if mark is not None and mark >= size:
            self._urgent = mark - size
            mark = None
        return Segment(data, mark)

    def urgent_byte(self) -> bytes:
        """Return the urgent byte, ``b""`` without one."""
        return b"" if self._urgent is None else bytes(self._data[self._urgent : self._urgent + 1])

    def clear(self) -> None:
        """Drop everything."""
        self._data.clear()
        self._urgent = None


class ReceiveBuffer:
    """The bytes that have arrived and were not received by the owner.

    Attributes:
        limit: its size in bytes.
        inline: the urgent byte is read with the others (SO_OOBINLINE).
        urgent_mark: the index of the urgent byte, None when there is none or reading has passed it.
        urgent_byte: the byte for ``recv(MSG_OOB)``; ``b""`` without one, and once it was taken.
    """

    def __init__(self, limit: int) -> None:
        """Start empty."""
        self.limit = limit
        self.inline = False
        self.urgent_mark: int | None = None
        self.urgent_byte = b""
        self._data = bytearray()

    def __len__(self) -> int:
        """Return the number of bytes in it, the urgent one included."""
        return len(self._data)

    def room(self) -> int:
        """Return the number of bytes that fit in."""
        return self.limit - len(self._data)

    def readable(self) -> bool:
        """Return whether there is an ordinary byte to read."""
        size = len(self._data)
        return size > 1 or (size == 1 and (self.inline or self.urgent_mark != 0))

    def append(self, segment: Segment) -> None:
        """Add what has arrived."""
        if segment.urgent is not None:
            byte = segment.data[segment.urgent : segment.urgent + 1]
            self.mark_urgent(segment.urgent, bytes(byte))
        self._data += segment.data

    def mark_urgent(self, offset: int, byte: bytes) -> None:
        """Make ``byte`` the urgent one; it is ``offset`` bytes behind what is in the buffer.

        An earlier urgent byte becomes an ordinary one, but is lost if it is the next to be read.
        """
        if self.urgent_mark == 0 and not self.inline:
            del self._data[:1]
        self.urgent_mark = len(self._data) + offset
        self.urgent_byte = byte

    def take(self, size: int, peek: bool) -> bytes:
        """Return at most ``size`` bytes, and remove them unless ``peek``.

        Reading stops before the urgent byte; if that is the first one, it is skipped, even when it
        is the only one.
        """
        mark = self.urgent_mark
        start = 1 if mark == 0 and not self.inline else 0
        end = min(start + size, len(self._data))
        if mark is not None and 0 < mark < end:
            end = mark
        data = bytes(self._data[start:end])
        if not peek:
            self.drop(end)
        return data

    def drop(self, size: int) -> None:
        """Remove the first ``size`` bytes."""
        del self._data[:size]
        if self.urgent_mark is not None:
            self.urgent_mark -= size
            if self.urgent_mark < 0:
                self.urgent_mark, self.urgent_byte = None, b""

    def has_urgent(self) -> bool:
        """Return whether ``take_urgent()`` has a byte to return."""
        return bool(self.urgent_byte) and not self.inline

    def take_urgent(self) -> bytes:
        """Return the urgent byte, once; OSError (EINVAL) without one, or when it is inline."""
        if not self.has_urgent():
            raise error(errno.EINVAL)
        data, self.urgent_byte = self.urgent_byte, b""
        return data
