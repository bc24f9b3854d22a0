"""A dispatcher that queues its output and sends it once in a pass.

``push()`` is called thousands of times in a pass, so it appends to a list and no more; everything
that costs happens in ``flush()``, once.
"""

import socket

from miniloop.dispatcher import Dispatcher
from miniloop.loop import EventLoop
from miniloop.outbox import Outbox, Producer
from miniloop.sockets import CHUNK

_SWALLOWED = 16
"""Receives at most before an orderly close: a megabyte is more than the kernel keeps for us."""


class QueuedDispatcher(Dispatcher):
    """A connection with a bounded queue of output.

    Attributes:
        max_output: most bytes that may be left in the queue after sending, some seconds of a
            fast line.  See ``handle_output_overflow()``.
        high_water: bytes left in the queue after sending from which ``handle_high_water()`` is
            called; asyncio's figure.
        low_water: bytes in the queue from which downwards ``handle_low_water()`` follows.
    """

    max_output: int = 16 << 20
    high_water: int = 65536
    low_water: int = 16384

    _closing = False
    _shut_due = False
    _above_water = False

    def __init__(self, loop: EventLoop, sock: socket.socket | None = None) -> None:
        """Take over ``sock``, if given; the queue is empty."""
        self._outbox = Outbox()
        self._pieces = self._outbox.pieces
        self._flush_due = False
        self._after_flush_due = False
        self._refusing = False
        self._eof = False
        self._blocked = False
        super().__init__(loop, sock)

    @property
    def output_size(self) -> int:
        """Bytes queued."""
        return self._outbox.size()

    def push(self, data: bytes) -> None:
        """Queue bytes; everything queued leaves with one system call in the next pass.

        No handler is called from here.  After ``close_when_done()`` the data is discarded, as in
        asynchat.

        Raises:
            RuntimeError: the channel is closed, ``close_write()`` was called, or the loop runs on
                another thread.
            TypeError: ``data`` is not bytes, a bytearray or a memoryview.
        """
        if type(data) is not bytes:
            data = _as_bytes(data)
        if not self._flush_due and not self._begin_output():
            return
        self._pieces.append(data)

    def push_with_producer(self, producer: Producer) -> None:
        """Queue what ``producer.more()`` returns, asked for when there is room, until ``b""``.

        Raises:
            RuntimeError: as ``push()``.
            TypeError: it has no ``more()``.
        """
        if self._flush_due or self._begin_output():
            self._outbox.add_producer(producer)

    def close_when_done(self) -> None:
        """Take no more input, and end when everything queued is sent.

        Raises:
            RuntimeError: the channel is closed.
        """
        self.check_open("close_when_done()")
        self._last_flush()
        self._closing = self._refusing = self._after_flush_due = True
        self._deaf = True
        self.interest_changed()

    def close_write(self) -> None:
        """Half-close once everything queued is sent; reading goes on.

        Raises:
            RuntimeError: the channel is closed.
        """
        self.check_open("close_write()")
        self._last_flush()
        self._shut_due = self._refusing = self._after_flush_due = True

    def discard_output(self) -> None:
        """Forget what is queued."""
        self._outbox.clear()

    def handle_output_overflow(self) -> None:
        """The peer does not read: more than ``max_output`` bytes are left after sending.

        By default the queue is discarded and the connection ends.  An override that leaves it open
        is called again after every send that leaves too much: ``discard_output()`` makes room.
        """
        self.discard_output()
        self.end()

    def handle_high_water(self) -> None:
        """More than ``high_water`` bytes are left after sending: slow down."""

    def handle_low_water(self) -> None:
        """The queue is down to ``low_water`` bytes again: go on."""

    def _begin_output(self) -> bool:
        """The first output of a pass: return whether it may be queued."""
        if self._refusing:
            self.check_open("push()")
            if self._closing:
                return False
            raise RuntimeError("push() after close_write(): push everything before it")
        if self._registration is not None:  # not through _flush_in_next_pass(): once a message
            self.loop.flush_soon(self._registration)
            self._flush_due = True
        return True

    def _last_flush(self) -> None:
        """Flush once more, and make ``push()`` look before it queues."""
        self._flush_in_next_pass()
        self._flush_due = False

    def _flush_in_next_pass(self) -> None:
        if self._registration is not None and not self._flush_due:
            self.loop.flush_soon(self._registration)
            self._flush_due = True

    def flush(self) -> None:
        """Send what is queued with one system call.  The loop calls this."""
        self._flush_due = False
        if self.connected and not self._blocked:
            data = self._outbox.take()
            try:
                sent = self.socket.send(data) if data else 0
            except BlockingIOError:
                sent = 0
            except OSError as error:
                self._lost(error)
                return
            if sent != len(data) or self._pieces:
                self._outbox.put_back(data, sent)
                self._blocked = self._after_flush_due = True
                self.interest_changed()
        elif self._pieces:
            self._after_flush_due = True  # what waits for the connect is bounded too
        if self._after_flush_due:
            self._after_flush()

    def _after_flush(self) -> None:
        """The less common: limits, watermarks, and what waited for the queue to be empty."""
        size = self._outbox.size()
        if size > self.max_output:
            self.handle_output_overflow()
        if not self.closed:
            self._watch_water(size)
        if not self._outbox and not self.closed:
            if self._shut_due and self.connected and not self._closing:
                self._shut_due = False
                self._shut_write()
            self._finish()
        self._after_flush_due = bool(self._outbox) or self._closing or self._eof or self._shut_due

    def _watch_water(self, size: int) -> None:
        """Tell the program when the queue gets long, and when it is short again."""
        if not self._above_water and size > self.high_water:
            self._above_water = True
            self.handle_high_water()
        elif self._above_water and size <= self.low_water:
            self._above_water = False
            self.handle_low_water()

    def handle_write(self) -> None:
        """There is room again."""
        self.flush()

    def handle_write_event(self) -> None:
        """Handle WRITE; what was pushed before the connect goes out after it."""
        connecting = self.connecting
        super().handle_write_event()
        if connecting and self.connected and not self._flush_due:
            self._flush_in_next_pass()

    def _leave_plain(self, server_side: bool) -> bytes:
        """A server's last plain answer is queued; with a client it can only be a mistake."""
        if self._refusing:
            raise RuntimeError("start_tls() after close_when_done() or close_write()")
        if self._outbox and not server_side:
            raise RuntimeError("start_tls(): what was pushed before it would leave unprotected: "
                               "push it after start_tls()")  # fmt: skip
        return b"".join(iter(self._outbox.take, b""))

    # -- the end ---------------------------------------------------------------------------------

    def handle_eof(self) -> None:
        """The peer will send no more; it may still read, so what is queued is sent first."""
        if self.input_done() and not self._outbox:
            self.end()
            return
        self._eof = self._after_flush_due = self._deaf = self._hangup_seen = True
        self.interest_changed()

    def input_done(self) -> bool:
        """Return whether everything received is delivered."""
        return True

    def _finish(self) -> None:
        """End when an end is due and nothing is waiting."""
        if self._outbox or self.closed:
            return
        if self._closing:
            if self._tls is None or self._tls.goodbye():
                self._swallow()
                self.end()
        elif self._eof and self.input_done() and (self._tls is None or self._tls.goodbye()):
            self.end()

    def _swallow(self) -> None:
        """Read and forget what has arrived: closing over unread data resets the connection.

        A reset could overtake what we sent last.
        """
        try:
            for _ in range(_SWALLOWED):
                if len(self.socket.recv(CHUNK)) < CHUNK:
                    return
        except OSError:
            return  # nothing there, or gone: there is nothing to swallow

    def drained(self) -> bool:
        """Return whether nothing queued can still be sent."""
        return not self._outbox or not self.connected

    def close(self) -> None:
        """Close at once; what is queued is lost.  Again is harmless."""
        super().close()
        self._refusing = True
        self._flush_due = False
        self._outbox.clear()


def _as_bytes(data: object) -> bytes:
    """Copy what is like bytes; refuse the rest with a sentence."""
    if isinstance(data, bytes | bytearray | memoryview):
        return bytes(data)
    raise TypeError(f"push() takes bytes, not {type(data).__name__}: encode text first")
