"""Producers of output: objects that are asked for more when there is room for it, as in asynchat.

A channel's ``Outbox`` knows bytes only.  The first ``push_with_producer()`` puts a
``ProducingOutbox`` in its place, on the same list of pieces; so no other channel pays for this.
"""

from typing import Any, Protocol, cast

from miniloop.outbox import Outbox

ENOUGH = 1 << 16
"""Bytes asked of producers for one system call: they exist to keep memory small."""


class Producer(Protocol):
    """Makes output when there is room for it."""

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


class ProducingOutbox(Outbox):
    """A queue with producers among its pieces.

    Args:
        before: the queue that it replaces.
    """

    __slots__ = ()

    def __init__(self, before: Outbox) -> None:
        """Go on with the same pieces, the same list."""
        super().__init__(before.pieces)
        self._rest = before._rest

    def add(self, producer: Producer) -> None:
        """Queue what ``producer.more()`` will return, until it returns nothing.

        Raises:
            TypeError: it has no ``more()``.
        """
        if not callable(getattr(producer, "more", None)):
            raise TypeError(f"a producer has a method more() that returns bytes; {producer!r} not")
        self.pieces.append(cast(bytes, producer))  # the list is typed for the common case

    def _size_of(self, pieces: list[bytes]) -> int:
        """Return the bytes among ``pieces``; what producers have yet to make does not count."""
        return sum(len(piece) for piece in pieces if isinstance(piece, bytes))

    def _take_pieces(self) -> bytes:
        """Take pieces, asking producers, until there is enough for one system call.

        When a producer raises, what was taken before stays queued.
        """
        taken: list[bytes] = []
        size = used = 0
        try:
            while used < len(self.pieces) and size < ENOUGH:
                piece = self.pieces[used]
                data = piece if isinstance(piece, bytes) else _more(piece)
                taken.append(data)
                size += len(data)
                if data is piece or not data:  # a producer stays until it is empty
                    used += 1
        except BaseException:
            self._rest = b"".join(taken)
            raise
        finally:
            del self.pieces[:used]
            self._counted = self._size = 0  # a producer may have asked for the size meanwhile
        return b"".join(taken)


def _more(producer: Any) -> bytes:
    """Ask a producer for its next piece."""
    data = producer.more()
    if not isinstance(data, bytes):
        raise TypeError(f"{producer!r}.more() returned {data!r}, not bytes")
    return data
