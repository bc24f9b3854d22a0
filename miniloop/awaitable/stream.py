"""A connection that one coroutine reads, and that stays open until the program closes it.

What was received stays in one buffer until a read takes it, and each read decides anew how it is
framed.  A read takes everything that it returns, and nothing when it raises: after a time limit or
a cancellation the next read finds the same bytes.
"""

from __future__ import annotations

import errno
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from socket import socket as Socket  # the class is an attribute's type where "socket" is its name

from miniloop.awaitable.waiting import AwaitableChannel
from miniloop.dispatcher import CHUNK, TLS_TIMEOUT
from miniloop.loop import EventLoop
from miniloop.state import EOF, PAUSED

READ_AHEAD = 65536
"""Bytes kept for the next read from which on nothing more is received before it: what the kernel
gives in one receive."""


class IncompleteRead(EOFError):
    """The peer has finished in the middle of what was to be read, or before it.

    Attributes:
        partial: what had arrived of it; ``b""`` where the end is between two messages.
    """

    def __init__(self, partial: bytes) -> None:
        super().__init__(f"the peer has finished after {len(partial)} bytes of what was awaited")
        self.partial = partial


class TooLong(ValueError):
    """No terminator was found within the limit."""


class Stream(AwaitableChannel):
    """A connection for a conversation in several steps, read and written by coroutines.

    One coroutine reads at a time.  Reading pauses by itself while ``READ_AHEAD`` bytes wait for the
    next read, so ``pause_reading()`` and ``resume_reading()`` are the stream's own.

    The end of the peer's output is one thing (``read_some()`` returns ``b""``, the other reads
    raise ``IncompleteRead``), the end of the connection another one (all of them raise ``error``).
    After the first the stream stays open, and the other direction works on.
    """

    def __init__(self, loop: EventLoop, sock: Socket | None = None) -> None:
        """Take over ``sock``, if given; else ``connect_to()`` and ``await established()``."""
        self._received_ = bytearray()
        self._read_by_one_ = False
        self._secured_ = False
        super().__init__(loop, sock)

    # -- for coroutines --------------------------------------------------------------------------

    async def read_until(self, terminator: bytes, limit: int = 65536) -> bytes:
        """Return what comes before ``terminator``, which is taken too.

        Args:
            terminator: at least one byte.
            limit: longest message in bytes, without the terminator; asyncio's figure.

        Raises:
            TooLong: there was no terminator within the limit.
            ValueError: the terminator is empty.
            IncompleteRead, OSError, RuntimeError: as ``read_exactly()``.
        """
        if not terminator:
            raise ValueError("read_until() needs a terminator: read_some() reads without one")
        with self._one_reader_():
            start = 0
            while (end := self._received_.find(terminator, start)) < 0:
                start = max(0, len(self._received_) - len(terminator) + 1)
                if start > limit:
                    raise TooLong(f"no {terminator!r} within {limit} bytes")
                await self._receive_()
            if end > limit:
                raise TooLong(f"no {terminator!r} within {limit} bytes")
            return self._take_(end, len(terminator))

    async def read_exactly(self, size: int) -> bytes:
        """Return the next ``size`` bytes; compare a size that the peer gives with a limit first.

        Raises:
            IncompleteRead: the peer has finished before.
            OSError: the connection has ended with this error; ConnectionAbortedError without one:
                this side has closed it.
            RuntimeError: another coroutine is reading.
            ValueError: ``size`` is negative.
        """
        if size < 0:
            raise ValueError(f"read_exactly() takes a number of bytes from 0 on, not {size}")
        with self._one_reader_():
            while len(self._received_) < size:
                await self._receive_()
            return self._take_(size)

    async def read_some(self, most: int = CHUNK) -> bytes:
        """Return what has arrived, at most ``most`` bytes; ``b""`` when the peer has finished.

        Raises:
            OSError, RuntimeError: as ``read_exactly()``.
            ValueError: ``most`` is not above 0.
        """
        if most <= 0:
            raise ValueError(f"read_some() takes a number of bytes above 0, not {most}")
        with self._one_reader_():
            if not (self._received_ or await self._more_()):
                return b""
            return self._take_(min(most, len(self._received_)))

    async def write(self, data: bytes | bytearray | memoryview) -> None:
        """Queue ``data``, then wait while more than ``high_water`` bytes are queued.

        All of it is queued before anything is waited for: a time limit or a cancellation takes
        nothing back.  Raises as ``drain()``; TypeError or RuntimeError: as ``push()``.
        """
        if not self.closed:
            self.push(data)
        await self.drain()

    async def secured(self) -> None:
        """Return when the handshake of ``start_tls()`` has ended well.

        Raises:
            OSError: it failed, or the connection has ended; ``ssl.SSLError`` tells why.
        """
        await self._until_(lambda: self._secured_)
        if self.closed:
            raise self._end_()

    # -- reading ---------------------------------------------------------------------------------

    @contextmanager
    def _one_reader_(self) -> Iterator[None]:
        """Refuse a second reader: which of the two would get the next byte?"""
        if self._read_by_one_:
            raise RuntimeError(f"another coroutine is reading from {self!r}: only one may")
        self._read_by_one_ = True
        try:
            yield
        finally:
            self._read_by_one_ = False

    async def _receive_(self) -> None:
        """Return when more has arrived; an end of the input is an error here."""
        if not await self._more_():
            raise IncompleteRead(bytes(self._received_))

    async def _more_(self) -> bool:
        """Wait for more; return False when the peer has finished."""
        size = len(self._received_)
        if self._hold_ & PAUSED and not self.closed:
            self.resume_reading()
        await self._until_(lambda: len(self._received_) > size or bool(self._hold_ & EOF))
        if len(self._received_) > size:
            return True
        if self.error is None and self._hold_ & EOF:
            return False
        raise self._end_()

    def _end_(self) -> BaseException:
        why = "closed by this side"
        return self.error or ConnectionAbortedError(errno.ECONNABORTED, why)

    def _take_(self, size: int, skipped: int = 0) -> bytes:
        """Return ``size`` bytes from the front; drop so many that follow."""
        taken = bytes(self._received_[:size])
        del self._received_[: size + skipped]
        return taken

    # -- the handlers ----------------------------------------------------------------------------

    def handle_read(self) -> None:
        """Keep what arrives, and stop where there is enough for the next read."""
        data = self.recv(CHUNK)
        if data:
            self._received_ += data
            if len(self._received_) >= READ_AHEAD:
                self.pause_reading()
            self._changed_()

    def handle_eof(self) -> None:
        """The peer has finished: wake the reader, and stay open."""
        self._changed_()

    def start_tls(
        self, context: ssl.SSLContext, *, server_side: bool = False,
        server_hostname: str | None = None, timeout: float | None = TLS_TIMEOUT,
    ) -> None:  # fmt: skip
        """As ``Dispatcher.start_tls()``; ``await secured()`` follows.

        What was received and not read yet counts as the beginning of the handshake.
        """
        super().start_tls(
            context, server_side=server_side, server_hostname=server_hostname, timeout=timeout
        )
        self.socket.feed(self._take_(len(self._received_)))  # type: ignore[attr-defined]

    def handle_secured(self) -> None:
        """Wake what awaits the handshake."""
        self._secured_ = True
        self._changed_()
