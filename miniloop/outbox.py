"""Bytes waiting to go out.  No I/O.

Operations: append a small piece, thousands of times in a pass; take everything for one system
call; put back what the kernel did not take.  Goals: appending costs a list's append and no more,
sending costs one join, and a slow reader does not make us copy the same bytes again and again.
Plan: a list of pieces, and in front of it the *rest* of what was taken before, which is joined
already.  Warning: ``queued.py`` appends to ``pieces`` directly, and takes a single one out while
none was counted, so the list must stay the same object: clear it in place.  (Producers among the
pieces are the matter of ``net/producers.py``, which replaces this class where there are any.)
"""


class Outbox:
    """The queue.

    Attributes:
        pieces: what is queued behind the rest.
        promised: bytes that producers are about to make, as an estimate.
    """

    __slots__ = ("_counted", "_rest", "_size", "pieces")
    promised = 0

    def __init__(self, pieces: list[bytes] | None = None) -> None:
        self.pieces: list[bytes] = [] if pieces is None else pieces
        self._rest: bytes | memoryview = b""
        self._counted = 0  # so many of the pieces are in _size already
        self._size = 0

    def __bool__(self) -> bool:
        return bool(self.pieces or self._rest)

    def size(self) -> int:
        """Return the bytes queued.

        Only pieces that are new since the last call are looked at, so a queue that grows in front
        of a slow reader may be measured in every pass.
        """
        pieces = self.pieces
        if self._counted < len(pieces):
            self._size += self._size_of(pieces[self._counted :])
            self._counted = len(pieces)
        return self._size + len(self._rest)

    def _size_of(self, pieces: list[bytes]) -> int:
        return sum(map(len, pieces))

    def take(self) -> bytes | memoryview:
        """Remove and return what to send next; empty when the queue is."""
        if self._rest:
            rest, self._rest = self._rest, b""
            return rest
        self._counted = self._size = 0
        return self._take_pieces()

    def _take_pieces(self) -> bytes:
        data = self.pieces[0] if len(self.pieces) == 1 else b"".join(self.pieces)
        self.pieces.clear()
        return data

    def put_back(self, data: bytes | memoryview, sent: int) -> None:
        """Of ``data``, which ``take()`` returned, the kernel took only ``sent`` bytes."""
        self._rest = memoryview(data)[sent:]

    def clear(self) -> None:
        """Forget everything."""
        self.pieces.clear()
        self._counted = self._size = 0
        self._rest = b""
