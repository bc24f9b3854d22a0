"""A dispatcher that queues its output and sends it once in a pass.

``push()`` is called thousands of times in a pass, so it appends to a list and no more; everything
that costs happens in ``flush()``, once.  What follows when the queue is empty is in ``state.py``:
the states of ``Output``.
"""

from __future__ import annotations

import errno
import socket
from threading import get_ident

from miniloop.dispatcher import Dispatcher
from miniloop.loop import EventLoop
from miniloop.outbox import Outbox
from miniloop.state import CLOSING, Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from miniloop.net.producers import Source

_OPEN = Output.OPEN  # an Enum's member costs 50 ns to look up


class QueuedDispatcher(Dispatcher):
    """A connection with a bounded queue of output.

    Attributes:
        max_output: bytes that one send may leave in the queue before more is pushed, some seconds
            of a fast line; counted as ``output_size``.  See ``handle_output_overflow()``.
        high_water: bytes left in the queue after sending from which ``handle_high_water()`` is
            called; asyncio's figure.
        low_water: bytes in the queue from which downwards ``handle_low_water()`` follows.
    """

    max_output: int = 16 << 20
    high_water: int = 65536
    low_water: int = 16384
    _above_water_ = False
    _left_ = 0  # what the last flush left, as output_size counts it

    def __init__(self, loop: EventLoop, sock: socket.socket | None = None) -> None:
        self._outbox_: Outbox = Outbox()
        self._pieces_ = self._outbox_.pieces
        self._flush_due_ = False  # on the loop's list already: push() has nothing to check
        self._plain_output_ = False  # a cache: all that flush() has to do is to send the pieces
        super().__init__(loop, sock)
        self._plain_output_ = self.connected

    @property
    def output_size(self) -> int:
        """Bytes queued; each waiting producer counts as 65,536, a usual piece of its output."""
        self._plain_output_ = False  # the queue has counted the pieces: they must not go past it
        return self._outbox_.size() + self._outbox_.promised

    def push(self, data: bytes | Source) -> None:
        """Queue bytes; everything queued leaves with one system call in the next pass.

        ``data`` may also be a generator, an iterator or a binary file, see
        ``push_with_producer()``.  No handler is called from here.  After ``close_when_done()`` the
        data is discarded, as in asynchat.  RuntimeError: closed, after ``close_write()``, or on
        another thread than the loop's.  TypeError: ``data`` is none of these.
        """
        if type(data) is not bytes:
            if not isinstance(data, bytes | bytearray | memoryview):
                QueuedDispatcher.push_with_producer(self, data)  # a trace counts one push
                return
            data = bytes(data)
        if not self._flush_due_:
            loop = self.loop
            if self._output_ is _OPEN and loop._thread == get_ident():  # as _begin_output_() would
                loop._unflushed.append(self)
                self._flush_due_ = True
            elif not self._begin_output_():
                return
        self._pieces_.append(data)

    def push_with_producer(self, source: Source) -> None:
        """Queue what ``source`` makes; it is asked when there is room.

        It is a producer, whose ``more()`` is called until it returns ``b""``; an iterator of
        bytes; or a binary file.  Its ``close()``, if it has one, is called when it is done or
        dropped.  Raises as ``push()``.
        """
        from miniloop.net.producers import queue

        queue(self, source)

    def _begin_output_(self) -> bool:
        """Return whether the first output of a pass may be queued; have it flushed then."""
        output = self._output_
        if output is not _OPEN and output is not Output.DRAINING:
            self.check_open("push()")
            if output is Output.CLOSE_WHEN_EMPTY:
                return False
            raise RuntimeError("push() after close_write(): push everything before it")
        self._flush_soon_()
        return True

    def _flush_soon_(self) -> None:
        """Be flushed in the next pass; until then push() need not look at the state, if it may."""
        self.loop.flush_soon(self)
        self._flush_due_ = self._output_ is _OPEN or self._output_ is Output.DRAINING

    def close_when_done(self) -> None:
        """Take no more input, and end when everything queued is sent.  RuntimeError: closed."""
        self.check_open("close_when_done()")
        self._enter_last_output_(Output.CLOSE_WHEN_EMPTY)
        self._hold_reading_(CLOSING)

    def close_write(self) -> None:
        """Half-close once everything queued is sent; reading goes on.  RuntimeError: closed."""
        self.check_open("close_write()")
        if self._output_ is _OPEN:
            self._enter_last_output_(Output.SHUT_WHEN_EMPTY)
        elif self._output_ is Output.DRAINING:  # both sides have finished
            self._enter_last_output_(Output.CLOSE_WHEN_EMPTY)

    def _enter_last_output_(self, output: Output) -> None:
        """Enter a state that ends the output; the next pass looks whether the queue is empty."""
        self._flush_soon_()
        self._flush_due_ = False  # so that push() looks at the state
        self._set_output_(output)
        self._plain_output_ = False

    def discard_output(self) -> None:
        """Forget what is queued."""
        self._outbox_.clear()
        self._left_ = 0

    def handle_output_overflow(self) -> None:
        """More is pushed while more than ``max_output`` bytes that a flush has left still wait.

        By default the queue is discarded and this aborts (ENOBUFS).  An override that leaves it
        open is called again in every such pass: ``discard_output()`` makes room.
        """
        self.discard_output()
        self.abort(OSError(errno.ENOBUFS, f"more than max_output = {self.max_output} bytes wait"))

    def handle_high_water(self) -> None:
        """More than ``high_water`` bytes are left after sending: slow down."""

    def handle_low_water(self) -> None:
        """The queue is down to ``low_water`` bytes again: go on."""

    def flush(self) -> None:
        """Send what is queued with one system call.  The loop calls this."""
        self._flush_due_ = False
        pieces = self._pieces_
        if self._plain_output_ and pieces:
            data: bytes | memoryview = (last := pieces.pop())
            if pieces:
                pieces.append(last)
                data = b"".join(pieces)
                pieces.clear()
        else:
            data = self._take_output_()
        try:
            sent = self.socket.send(data) if data else 0
        except BlockingIOError:
            sent = 0
        except OSError as error:
            self._lost_(error)
            if self.closed:
                return
            sent = len(data)  # a datagram: the rest goes on
        except BaseException:
            self._outbox_.put_back(data, 0)
            self._plain_output_ = False
            raise
        else:
            if sent and self._limits_:
                self._note_traffic_()
        if sent != len(data):
            self._outbox_.put_back(data, sent)
            self._wait_for_room_()
        if not self._plain_output_:
            self._after_flush_()

    def _take_output_(self) -> bytes | memoryview:
        """Check the bound of the queue; return what to send now."""
        if self._left_ > self.max_output and self.output_size > self._left_:
            self.handle_output_overflow()  # what waits for the connect is bounded too
        data = self._outbox_.take() if self.connected and not self._blocked_ else b""
        return b"" if self.closed else data  # closed by a producer

    def _wait_for_room_(self) -> None:
        super()._wait_for_room_()
        self._plain_output_ = False

    def _after_flush_(self) -> None:
        """The less common: limits, water marks, and what follows when the queue is empty."""
        self._left_ = size = self._outbox_.size() + self._outbox_.promised
        if not (self.closed or self._above_water_) and size > self.high_water:
            self._above_water_ = True
            self.handle_high_water()
        elif self._above_water_ and not self.closed and size <= self.low_water:
            self._above_water_ = False
            self.handle_low_water()
        if not (self.closed or self._output_ is _OPEN):
            self._finish_()
        free = self.connected and not self._blocked_
        if free and self._pieces_ and not self._flush_due_:  # a producer has more
            self._flush_soon_()
        self._plain_output_ = free and not self._outbox_ and self._output_ is _OPEN

    def handle_write(self) -> None:
        """There is room again."""
        self.flush()

    def handle_write_event(self) -> None:
        """Handle WRITE; when an exception passes, what is queued is flushed in the next pass."""
        try:
            super().handle_write_event()
        except BaseException:
            if not self.closed:
                self._flush_soon_()
            raise

    def _connected_(self) -> None:
        self._flush_soon_()  # what was pushed before
        super()._connected_()

    def handle_eof(self) -> None:
        """The peer will send no more; it may still read, so what is queued is sent first."""
        if self.input_done() and not self._outbox_:
            self.end()
        elif self._output_ is not Output.DRAINING:
            is_open = self._output_ is _OPEN
            self._enter_last_output_(Output.DRAINING if is_open else Output.CLOSE_WHEN_EMPTY)

    def input_done(self) -> bool:
        """Return whether everything received is dealt with; asked before the end of a connection.

        An override may say no while a thread works on an answer.
        """
        return not self._has_undelivered_()

    def _finish_(self) -> None:
        """Do what the state of the output says when the queue is empty; until then, limit it."""
        from miniloop.net.closing import finish

        finish(self)

    def drained(self) -> bool:
        """Return whether nothing queued can still be sent."""
        return not self._outbox_ or not self.connected

    def close(self) -> None:
        """Close at once; what is queued is lost.  Again is harmless."""
        super().close()
        self._flush_due_ = self._plain_output_ = False
        if self._outbox_:
            self._outbox_.clear()
