"""A dispatcher that collects input until a terminator and queues its output.

``AsyncChat`` is ``Dispatcher`` + ``framing`` + ``outbox`` and little else: what it adds is *when*.
Input is parsed a bounded number of messages in a pass; output goes out once in a pass.
"""

import socket

from miniloop.dispatcher import Dispatcher
from miniloop.framing import END, NEED_DATA, OVERFLOW, Framer, Terminator, check_terminator
from miniloop.loop import EventLoop
from miniloop.outbox import Outbox, Producer
from miniloop.sockets import CHUNK
from miniloop.timers import Handle

MESSAGES_PER_PASS = 1024
"""Messages that one channel may deliver in a pass: some milliseconds at the usual microseconds."""


class AsyncChat(Dispatcher):
    """Collects input until a terminator; queues output and sends it once in a pass.

    Override ``collect_incoming_data()`` and ``found_terminator()``, and call ``set_terminator()``.

    Attributes:
        max_input: longest message under a bytes terminator, in bytes; asyncio's stream limit.
            See ``handle_input_overflow()``.
        max_output: most bytes that may be left in the queue after sending, some seconds of a
            fast line.  See ``handle_output_overflow()``.
        high_water: bytes left in the queue after sending from which ``handle_high_water()`` is
            called; asyncio's figure.
        low_water: bytes in the queue from which downwards ``handle_low_water()`` follows.
    """

    max_input: int = 65536
    max_output: int = 16 << 20
    high_water: int = 65536
    low_water: int = 16384

    _closing = False
    _shut_due = False
    _above_water = False

    def __init__(self, loop: EventLoop, sock: socket.socket | None = None) -> None:
        """Take over ``sock``, if given; there is no terminator until ``set_terminator()``."""
        self._framer = Framer(self.max_input)
        self._outbox = Outbox()
        self._pieces = self._outbox.pieces
        self._flush_due = False
        self._after_flush_due = False
        self._refusing = False
        self._interrupted = False
        self._halted = False
        self._eof = False
        self._blocked = False
        self._continuation: Handle | None = None
        super().__init__(loop, sock)

    # -- input -----------------------------------------------------------------------------------

    def set_terminator(self, terminator: Terminator) -> None:
        """Set what ends a message, from the next undelivered byte on.

        Args:
            terminator: bytes of any length; an int, that many bytes; None, ``b""`` or 0 to have
                everything collected as it comes.  It may be called at any moment.

        Raises:
            TypeError: neither bytes nor int nor None.
            ValueError: negative.
        """
        terminator = check_terminator(terminator)
        if terminator != self._framer.terminator:
            was_idle = self._framer.idle
            self._framer.terminator = terminator
            self._interrupted = True
            if was_idle and not self._framer.idle and self._continuation is None:
                self._continuation = self.loop.call_soon(self._continue)

    def get_terminator(self) -> Terminator:
        """Return the terminator; an int counts down while its bytes arrive, and ends as None."""
        return self._framer.terminator

    def collect_incoming_data(self, data: bytes) -> None:
        """A part of a message; there may be several before ``found_terminator()``."""
        raise NotImplementedError(f"{type(self).__name__} must override collect_incoming_data()")

    def found_terminator(self) -> None:
        """The message is complete: all of it was collected."""
        raise NotImplementedError(f"{type(self).__name__} must override found_terminator()")

    def handle_input_overflow(self) -> None:
        """A message is longer than ``max_input``; its first ``max_input`` bytes were collected.

        By default the connection ends.  When an override leaves it open, the rest of the message
        is skipped up to its terminator, and ``found_terminator()`` is not called for it.
        """
        self.end()

    def handle_read(self) -> None:
        """Receive and parse, unless an earlier receive is not all parsed yet."""
        if self._continuation is None:
            data = self.recv(CHUNK)
            if data:
                self._framer.feed(data)
                self._parse()

    def _parse(self) -> None:
        """Deliver what is complete; what exceeds the bound waits for the next pass."""
        framer = self._framer
        budget = MESSAGES_PER_PASS
        while not (framer.idle or self._halted):
            if budget <= 0:
                self._continuation = self.loop.call_soon(self._continue)
                return
            messages = framer.take_messages(budget)
            if messages:
                self._deliver(messages)
                budget -= len(messages)
            elif self._deliver_event():
                budget -= 1
        if self._eof:
            self._finish()

    def _deliver(self, messages: list[bytes]) -> None:
        """Deliver complete messages until something interrupts."""
        collect, found = self.collect_incoming_data, self.found_terminator
        self._interrupted = False
        waiting = iter(messages)
        for message in waiting:
            if message:
                collect(message)
                if self._interrupted and self.closed:
                    return
            found()
            if self._interrupted:
                self._framer.give_back(list(waiting))
                return

    def _deliver_event(self) -> bool:
        """Deliver the next piece, end or overflow; return whether there was one."""
        event = self._framer.next_event()
        if event is NEED_DATA:
            return False
        if event is END:
            self.found_terminator()
        elif event is OVERFLOW:
            self.handle_input_overflow()
        elif isinstance(event, bytes):
            self.collect_incoming_data(event)
        return True

    def _continue(self) -> None:
        """Parse on, in a later pass."""
        self._continuation = None
        if not self.closed:
            self._guarded(self._parse)

    def pause_reading(self) -> None:
        """Deliver and receive nothing until ``resume_reading()``."""
        super().pause_reading()
        self._halted = self._interrupted = True

    def resume_reading(self) -> None:
        """Go on, first with what was received before the pause."""
        super().resume_reading()
        self._halted = self._closing
        if self._continuation is None and not self._framer.idle:
            self._continuation = self.loop.call_soon(self._continue)

    # -- output ----------------------------------------------------------------------------------

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
        self._halted = self._interrupted = self._deaf = True
        self._framer.clear()
        self.interest_changed()

    def close_write(self) -> None:
        """Half-close once everything queued is sent; reading goes on.

        Raises:
            RuntimeError: the channel is closed.
        """
        self.check_open("close_write()")
        self._last_flush()
        self._shut_due = self._refusing = self._after_flush_due = True

    def discard_buffers(self) -> None:
        """Forget received bytes that are not delivered yet, and queued ones."""
        self._framer.clear()
        self._outbox.clear()
        self._interrupted = True

    def handle_output_overflow(self) -> None:
        """The peer does not read: more than ``max_output`` bytes are left after sending.

        By default the queue is discarded and the connection ends.  An override that leaves it open
        is called again after every send that leaves too much: ``discard_buffers()`` makes room.
        """
        self.discard_buffers()
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
        if self._registration is not None:
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

    # -- the end ---------------------------------------------------------------------------------

    def handle_eof(self) -> None:
        """The peer will send no more; it may still read, so what is queued is sent first."""
        if self._framer.idle and not self._outbox:
            self.end()
            return
        self._eof = self._after_flush_due = self._deaf = self._hangup_seen = True
        self.interest_changed()

    def _finish(self) -> None:
        """End when an end is due and nothing is waiting."""
        if self._outbox or self.closed:
            return
        if self._closing:
            self._swallow()
            self.end()
        elif self._eof and self._framer.idle:
            self.end()

    def _swallow(self) -> None:
        """Read and forget what has arrived: closing over unread data resets the connection.

        A reset could overtake what we sent last.
        """
        try:
            self.socket.recv(CHUNK)
        except OSError:
            return  # nothing there, or gone: there is nothing to swallow

    def drained(self) -> bool:
        """Return whether nothing queued can still be sent."""
        return not self._outbox or not self.connected

    def close(self) -> None:
        """Close at once; what is queued is lost.  Again is harmless."""
        self._halted = self._interrupted = self._refusing = True
        self._flush_due = False
        if self._continuation is not None:
            self._continuation.cancel()
            self._continuation = None
        self._outbox.clear()
        super().close()


def _as_bytes(data: object) -> bytes:
    """Copy what is like bytes; refuse the rest with a sentence."""
    if isinstance(data, bytes | bytearray | memoryview):
        return bytes(data)
    raise TypeError(f"push() takes bytes, not {type(data).__name__}: encode text first")
