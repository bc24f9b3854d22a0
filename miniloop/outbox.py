"""Bytes and producers waiting to go out.  No I/O.

Operations: append a small piece, thousands of times in a pass; take everything for one system
call; put back what the kernel did not take.  Goals: appending costs a list's append and no more,
sending costs one join, and a slow reader does not make us copy the same bytes again and again.
Plan: a list of pieces, and in front of it the *rest* of what was taken before, which is joined
already.  Warning: ``QueuedDispatcher.push()`` appends to ``pieces`` directly, without a call, so the
list must stay the same object: clear it in place.
"""

from typing import Protocol

_ENOUGH = 1 << 16
"""Bytes asked of producers for one system call: they exist to keep memory small."""


class Producer(Protocol):
    """Makes output when there is room for it, as in asynchat."""

    def more(self) -> bytes:
        """Return the next piece, ``b""`` when there is none any more."""


class SimpleProducer:
    """Hands out bytes in pieces.

    Args:
        data: what to send.
        chunk: size of a piece in bytes.
    """

    def __init__(self, data: bytes, chunk: int = 65536) -> None:
        """Start at the beginning."""
        self._data = data
        self._chunk = chunk
        self._position = 0

    def more(self) -> bytes:
        """Return the next piece."""
        piece = self._data[self._position : self._position + self._chunk]
        self._position += len(piece)
        return piece


class Outbox:
    """The queue.

    Attributes:
        pieces: what is queued behind the rest: bytes, and producers between them.
    """

    __slots__ = ("_counted", "_producers", "_rest", "_size", "pieces")

    def __init__(self) -> None:
        """Start empty."""
        self.pieces: list[bytes | Producer] = []
        self._producers = 0
        self._rest: bytes | memoryview = b""
        self._counted = 0  # so many of the pieces are in _size already
        self._size = 0

    def __bool__(self) -> bool:
        """Return whether anything is queued."""
        return bool(self.pieces or self._rest)

    def size(self) -> int:
        """Return the bytes queued; what producers have yet to make does not count.

        Only pieces that are new since the last call are looked at, so a queue that grows in front
        of a slow reader may be measured in every pass.
        """
        pieces = self.pieces
        if self._counted < len(pieces):
            new = pieces[self._counted :]
            self._size += sum(len(piece) for piece in new if isinstance(piece, bytes))
            self._counted = len(pieces)
        return self._size + len(self._rest)

    def add_producer(self, producer: Producer) -> None:
        """Queue what ``producer.more()`` will return, until it returns nothing.

        Raises:
            TypeError: it has no ``more()``.
        """
        if not callable(getattr(producer, "more", None)):
            raise TypeError(f"a producer has a method more() that returns bytes; {producer!r} not")
        self.pieces.append(producer)
        self._producers += 1

    def take(self) -> bytes | memoryview:
        """Remove and return what to send next; empty when the queue is."""
        pieces = self.pieces
        if self._rest:
            rest, self._rest = self._rest, b""
            return rest
        if self._producers:
            return self._take_with_producers()
        self._counted = self._size = 0
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)  # type: ignore[arg-type]  # bytes
        pieces.clear()
        return data  # type: ignore[return-value]  # there are no producers here

    def put_back(self, data: bytes | memoryview, sent: int) -> None:
        """Of ``data``, which ``take()`` returned, the kernel took only ``sent`` bytes."""
        self._rest = memoryview(data)[sent:]

    def clear(self) -> None:
        """Forget everything."""
        self.pieces.clear()
        self._counted = self._size = self._producers = 0
        self._rest = b""

    def _take_with_producers(self) -> bytes:
        """Take pieces, asking producers, until there is enough for one system call.

        When a producer raises, what was taken before is the rest.
        """
        taken: list[bytes] = []
        size = used = 0
        self._counted = self._size = 0
        try:
            while used < len(self.pieces) and size < _ENOUGH:
                piece = self.pieces[used]
                data = piece if isinstance(piece, bytes) else _more(piece)
                taken.append(data)
                size += len(data)
                used += isinstance(piece, bytes) or not data  # a producer stays until it is empty
        except BaseException:
            self._rest = b"".join(taken)
            raise
        finally:
            del self.pieces[:used]
            self._producers = sum(not isinstance(piece, bytes) for piece in self.pieces)
        return b"".join(taken)


def _more(producer: Producer) -> bytes:
    """Ask a producer for its next piece."""
    data = producer.more()
    if not isinstance(data, bytes):
        raise TypeError(f"{producer!r}.more() returned {data!r}, not bytes")
    return data
