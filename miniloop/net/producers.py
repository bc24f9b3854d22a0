"""Producers of output: objects that are asked for more when there is room for it, as in asynchat.

A channel's ``Outbox`` knows bytes only.  The first producer puts a ``ProducingOutbox`` in its
place, on the same list of pieces; so no other channel pays for this.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from typing import Any, Protocol, TypeAlias, cast

from miniloop.outbox import Outbox
from miniloop.queued import QueuedDispatcher

logger = logging.getLogger("miniloop")

Bytes: TypeAlias = bytes | bytearray | memoryview
_BYTES = (bytes, bytearray, memoryview)

ENOUGH = 1 << 16
"""Bytes asked of producers for one system call, read from files at once, and counted for a producer
that waits: producers exist to keep memory small."""


class Producer(Protocol):
    """Makes output when there is room for it; one with a ``close()`` is closed at its end."""

    def more(self) -> Bytes:
        """Return the next piece, ``b""`` when there is none any more."""


class BinaryFile(Protocol):
    """What is needed of a file."""

    def read(self, size: int, /) -> Bytes:
        """Return at most ``size`` bytes, ``b""`` at the end."""


Source: TypeAlias = Bytes | Producer | BinaryFile | Iterator[Bytes]
"""What can be pushed."""


class SimpleProducer:
    """Hands out bytes in pieces.

    Args:
        data: what to send.
        chunk: size of a piece in bytes.
    """

    def __init__(self, data: bytes, chunk: int = ENOUGH) -> None:
        """Start at the beginning."""
        self._data = data
        self._chunk = chunk
        self._position = 0

    def more(self) -> bytes:
        """Return the next piece."""
        piece = self._data[self._position : self._position + self._chunk]
        self._position += len(piece)
        return piece


class FileProducer:
    """Reads a binary file in pieces of 64 KiB, each when there is room for it."""

    def __init__(self, file: BinaryFile) -> None:
        """Start where the file stands."""
        self._file = file
        self.close = getattr(file, "close", _nothing)

    def more(self) -> Bytes:
        """Return the next piece."""
        return self._file.read(ENOUGH)


class IteratorProducer:
    """Hands out what an iterator returns; empty items are left out, as they do not end it."""

    def __init__(self, iterator: Iterator[Bytes]) -> None:
        """Start with the next item."""
        self._iterator = iterator
        self._failed = False
        self.close = getattr(iterator, "close", _nothing)

    def more(self) -> Bytes:
        """Return the next piece.

        Raises:
            RuntimeError: it was interrupted before.  A generator that has raised only looks as if
                it were at its end.
        """
        if self._failed:
            raise RuntimeError(f"{self._iterator!r} was interrupted: the rest is not known")
        self._failed = True
        data = next((item for item in self._iterator if not isinstance(item, _BYTES) or item), b"")
        self._failed = False
        return data


class _Failed:
    """Stands where a producer failed, until what was made before it is sent."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def more(self) -> Bytes:
        """Raise the error."""
        raise self._error


class ProducingOutbox(Outbox):
    """A queue with producers among its pieces.

    Args:
        before: the queue that it replaces.

    Attributes:
        promised: ``ENOUGH`` bytes for each producer; ``size()`` counts what is made already.
    """

    __slots__ = ("_asked", "promised")

    def __init__(self, before: Outbox) -> None:
        """Go on with the same pieces, the same list."""
        super().__init__(before.pieces)
        self._rest = before._rest
        self._asked: object = None  # the producer that is making a piece at this moment
        self.promised = 0

    def add(self, producer: Producer) -> None:
        """Queue what ``producer.more()`` will return, until it returns nothing."""
        self.pieces.append(cast(bytes, producer))  # the list is typed for the common case
        self.promised += ENOUGH

    def _size_of(self, pieces: list[bytes]) -> int:
        return sum(len(piece) for piece in pieces if isinstance(piece, bytes))

    def _take_pieces(self) -> bytes:
        """Take pieces, asking producers, until there is enough for one system call.

        When a producer raises, what was taken before is sent first.
        """
        taken: list[bytes] = []
        size, producer = 0, None
        try:
            while self.pieces and size < ENOUGH:
                size += self._take_bytes(taken, ENOUGH - size)
                if self.pieces and size < ENOUGH:
                    producer = self.pieces[0]
                    taken.append(self._ask(producer))
                    size += len(taken[-1])
        except Exception as error:
            if not (size and self.pieces and self.pieces[0] is producer):
                raise
            self._fail_later(error)
        except BaseException:
            self._rest = b"".join(taken)
            raise
        finally:
            self._counted = self._size = 0  # a producer may have asked for the size meanwhile
        return b"".join(taken)

    def _take_bytes(self, taken: list[bytes], room: int) -> int:
        """Move bytes from the front until there are ``room``; return how many those are."""
        size = used = 0
        for piece in self.pieces:
            if size >= room or not isinstance(piece, bytes):
                break
            taken.append(piece)
            size += len(piece)
            used += 1
        del self.pieces[:used]
        return size

    def _ask(self, producer: Any) -> bytes:
        """Return the next piece of the producer in front, which leaves the queue at its end."""
        self._asked = producer
        try:
            data = producer.more()
        finally:
            self._asked = None
            dropped = not self.pieces or self.pieces[0] is not producer  # by what more() called
            if dropped:
                _close(producer)
        if not isinstance(data, _BYTES):
            raise TypeError(f"{producer!r} made {data!r}, not bytes")
        if not data and not dropped:
            self._remove_first()
            _close(producer)
        return bytes(data)

    def _fail_later(self, error: Exception) -> None:
        """Raise ``error`` once what was taken is sent, unless the queue is dropped before."""
        failed = self.pieces[0]
        self.pieces[0] = cast(bytes, _Failed(error))
        _close(failed)

    def _remove_first(self) -> None:
        del self.pieces[0]
        self.promised -= ENOUGH

    def clear(self) -> None:
        """Forget everything, and close the producers; the one being asked is closed after that."""
        dropped = [piece for piece in self.pieces if not isinstance(piece, bytes)]
        super().clear()
        self.promised = 0
        for producer in dropped:
            if producer is not self._asked:
                _close(producer)


def queue(channel: QueuedDispatcher, source: object) -> None:
    """Queue a producer, an iterator or a binary file; see ``push_with_producer()``.

    Raises:
        RuntimeError: the channel takes no output, or this is another thread.
        TypeError: it is none of these.
    """
    producer = as_producer(source)
    taken = False
    try:
        taken = channel._flush_due_ or channel._begin_output_()
    finally:
        if not taken:
            _close(producer)
    if taken:
        if not isinstance(channel._outbox_, ProducingOutbox):
            channel._outbox_ = ProducingOutbox(channel._outbox_)
        channel._outbox_.add(producer)
        channel._plain_output_ = False


def as_producer(source: Any) -> Producer:
    """Return what makes pieces of ``source``.  TypeError: nothing can be made of it."""
    if callable(getattr(source, "more", None)):
        return cast(Producer, source)
    if isinstance(source, io.TextIOBase):
        raise TypeError("push() takes binary files, not text: open it with 'rb'")
    if callable(getattr(source, "read", None)):
        return FileProducer(source)
    if hasattr(type(source), "__next__"):
        return IteratorProducer(source)
    if isinstance(source, _BYTES):
        return SimpleProducer(bytes(source))
    if isinstance(source, str):
        raise TypeError("push() takes bytes, not str: encode text first")
    raise TypeError(
        "push() takes bytes, a producer with more(), an iterator of bytes or a binary file, "
        f"not {type(source).__name__}"
    )


def _nothing() -> None:
    """Close what has no ``close()``."""


def _close(producer: object) -> None:
    """Call the producer's ``close()``; what it raises is logged, as others' output goes on."""
    try:
        getattr(producer, "close", _nothing)()
    except Exception:
        logger.exception("exception in close() of the producer %r", producer)
