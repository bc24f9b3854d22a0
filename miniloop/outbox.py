"""Bytes and producers waiting to go out.  No I/O.

Operations wanted: append a small piece, thousands of times in a pass; take everything for one
system call; put back what the kernel did not take.  Goals: appending costs as little as a list's
append, sending costs one join, and a slow reader does not make us copy the same bytes again and
again.  Plan: a list of pieces behind one *front*, the joined bytes that are being sent, with the
position in it.  Warning: the list belongs to ``AsyncChat.push()`` as well, which appends to it
without a call; whoever clears it must clear it in place.
"""

from typing import Protocol

JOIN = 1 << 18
"""Bytes joined at most for one system call: about what a kernel's send buffer takes at once."""


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
        pieces: what is queued behind the front: bytes, and producers between them.
        size: bytes queued, the front included; what producers will make does not count.
    """

    __slots__ = ("_front", "_position", "pieces", "producers", "size")

    def __init__(self) -> None:
        """Start empty."""
        self.pieces: list[bytes | Producer] = []
        self.size = 0
        self.producers = 0
        """Producers among the pieces."""
        self._front: bytes = b""
        self._position = 0

    def __bool__(self) -> bool:
        """Return whether anything is queued."""
        return bool(self.pieces) or self._position < len(self._front)

    def add_producer(self, producer: Producer) -> None:
        """Queue what ``producer.more()`` will return, until it returns nothing.

        Raises:
            TypeError: it has no ``more()``.
        """
        if not callable(getattr(producer, "more", None)):
            raise TypeError(f"a producer has a method more() that returns bytes; {producer!r} not")
        self.pieces.append(producer)
        self.producers += 1

    def next_bytes(self) -> bytes | memoryview:
        """Return what to send next; empty when the queue is."""
        if self._position < len(self._front):
            return memoryview(self._front)[self._position :]
        self._front = self._join() if not self.producers and self.size <= JOIN else self._collect()
        self._position = 0
        return self._front

    def sent(self, size: int) -> None:
        """The kernel took ``size`` bytes of what ``next_bytes()`` returned."""
        self.size -= size
        self._position += size
        if self._position >= len(self._front):
            self._front = b""
            self._position = 0

    def clear(self) -> None:
        """Forget everything."""
        self.pieces.clear()
        self.size = self._position = self.producers = 0
        self._front = b""

    def _join(self) -> bytes:
        """Take all pieces, which are bytes."""
        pieces = self.pieces
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)  # type: ignore[arg-type]  # no producers
        pieces.clear()
        return data  # type: ignore[return-value]  # no producers

    def _collect(self) -> bytes:
        """Take pieces, asking producers, up to one system call's worth."""
        taken: list[bytes] = []
        size = used = 0
        while used < len(self.pieces) and size < JOIN:
            piece = self.pieces[used]
            if not isinstance(piece, bytes):
                data = self._ask(piece)
                if data:
                    taken.append(data)
                    size += len(data)
                    continue
                self.producers -= 1
            else:
                taken.append(piece)
                size += len(piece)
            used += 1
        del self.pieces[:used]
        return b"".join(taken)

    def _ask(self, producer: Producer) -> bytes:
        """Get a producer's next piece; it counts as queued from now on."""
        data = producer.more()
        if not isinstance(data, bytes):
            raise TypeError(f"{producer!r}.more() returned {data!r}, not bytes")
        self.size += len(data)
        return data
