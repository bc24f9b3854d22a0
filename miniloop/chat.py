"""A dispatcher that collects input until a terminator and queues its output.

What it adds to ``queued.py`` and ``framing.py`` is *when*: a bounded number of messages is
delivered in a pass, and a handler may interrupt the delivery.
"""

import errno
import socket

from miniloop.dispatcher import CHUNK, Dispatcher
from miniloop.framing import END, NEED_DATA, OVERFLOW, Framer, Terminator, check_terminator
from miniloop.loop import EventLoop
from miniloop.queued import QueuedDispatcher
from miniloop.state import CLOSING, EOF, HANDOVER, PAUSED
from miniloop.timers import Handle

MESSAGES_PER_PASS = 1024
"""Messages that one channel may deliver in a pass: some milliseconds at the usual microseconds."""

_NO_DELIVERY = PAUSED | HANDOVER | CLOSING
"""Reasons not to read that hold back what was received already, too."""
_NOTHING: list[bytes] = []
_TERMINATOR = [b""]  # an empty message is its terminator and no more


class AsyncChat(QueuedDispatcher):
    """Collects input until a terminator; queues output and sends it once in a pass.

    Override ``collect_incoming_data()`` and ``found_terminator()``, and call ``set_terminator()``.

    Attributes:
        max_input: longest message under a bytes terminator, in bytes; asyncio's stream limit.
            See ``handle_input_overflow()``.
    """

    max_input: int = 65536

    def __init__(self, loop: EventLoop, sock: socket.socket | None = None) -> None:
        """Take over ``sock``, if given; there is no terminator until ``set_terminator()``."""
        self._framer_ = Framer()
        self._interrupted_ = False  # a handler has changed what follows
        self._continuation_: Handle | None = None  # delivers the rest in a later pass
        self.max_input = self.max_input  # an attribute of the class costs 40 ns to look up
        self._own_recv_ = type(self).recv is not Dispatcher.recv  # a subclass overrides it
        super().__init__(loop, sock)

    def set_terminator(self, terminator: Terminator) -> None:
        """Set what ends a message, from the next undelivered byte on; at any moment.

        Args:
            terminator: bytes of any length; an int, that many bytes, where 0 calls
                ``found_terminator()`` once, without input; None or ``b""`` to have everything
                collected as it comes.  TypeError, ValueError: none of these.
        """
        if type(terminator) is not bytes or not terminator:
            terminator = check_terminator(terminator)
        if terminator != self._framer_.terminator:
            was_idle = self._framer_.idle
            self._framer_.set_terminator(terminator)
            self._interrupted_ = True
            if was_idle and not self._framer_.idle:
                self._continue_soon_()

    def get_terminator(self) -> Terminator:
        """Return the terminator; an int counts down while its bytes arrive, and ends as None."""
        return self._framer_.terminator

    def collect_incoming_data(self, data: bytes) -> None:
        """A part of a message; there may be several before ``found_terminator()``."""
        raise NotImplementedError(f"{type(self).__name__} must override collect_incoming_data()")

    def found_terminator(self) -> None:
        """The message is complete: all of it was collected."""
        raise NotImplementedError(f"{type(self).__name__} must override found_terminator()")

    def handle_input_overflow(self) -> None:
        """A message is longer than ``max_input``; its first ``max_input`` bytes were collected.

        By default this aborts (EMSGSIZE).  When an override leaves it open, the rest is skipped up
        to the terminator, and ``found_terminator()`` is not called for it.
        """
        self.abort(OSError(errno.EMSGSIZE, f"a message exceeds max_input = {self.max_input} bytes"))

    def handle_read(self) -> None:
        """Receive and deliver, unless an earlier receive is not all delivered yet.

        Exactly one message, the commonest case, is delivered past the framer; its terminator goes
        through it when the first handler interrupts.
        """
        if self._continuation_ is not None:
            return
        if self._own_recv_:
            data = self.recv(CHUNK)
        else:  # what recv() does, without the call
            try:
                data = self.socket.recv(CHUNK)
            except OSError as error:
                data = self._not_received_(error)
            else:
                if not (data or self._datagram_):
                    self._peer_finished_()
        if not data:
            return
        end = self._framer_.whole
        if end is None:
            message = end = b""
        else:
            message, end, rest = data.partition(end)
        if not end or rest or len(message) > self.max_input:
            self._framer_.limit = self.max_input
            self._framer_.feed(data)
            self._parse_()
            return
        if message:
            self._interrupted_ = False
            try:
                self.collect_incoming_data(message)
            except BaseException:
                self._give_back_(end)
                self._continue_soon_()
                raise
            if self._interrupted_:
                self._give_back_(end)
                self._parse_()
                return
        self.found_terminator()

    def _give_back_(self, end: bytes) -> None:
        """Have the framer deliver the terminator of the message that was delivered past it."""
        if not self._framer_.cleared:
            self._framer_.feed(end)

    def _parse_(self) -> None:
        """Deliver what is complete; what exceeds the bound waits for the next pass."""
        framer = self._framer_
        budget = MESSAGES_PER_PASS
        try:
            while budget > 0 and not (framer.idle or self._hold_ & _NO_DELIVERY):
                messages = framer.take_messages(budget)
                if messages:
                    budget -= len(messages)
                    self._deliver_(messages)
                elif self._deliver_event_():
                    budget -= 1
        except BaseException:
            self._continue_soon_()
            raise
        if not (framer.idle or self._hold_ & _NO_DELIVERY):
            self._continue_soon_()
        elif self._hold_ & EOF:
            self._finish_()

    def _deliver_(self, messages: list[bytes]) -> None:
        """Deliver complete messages; what a handler leaves by interrupting or raising goes back."""
        collect, found = self.collect_incoming_data, self.found_terminator
        self._interrupted_ = False
        waiting = iter(messages)
        left = _NOTHING
        try:
            for message in waiting:
                if message:
                    left = _TERMINATOR
                    collect(message)
                    if self._interrupted_:
                        return
                    left = _NOTHING
                found()
                if self._interrupted_:
                    return
        finally:
            self._framer_.give_back([*left, *waiting])

    def _deliver_event_(self) -> bool:
        """Deliver the next piece, end or overflow; return whether there was one."""
        event = self._framer_.next_event()
        if event is NEED_DATA:
            return False
        if event is END:
            self.found_terminator()
        elif event is OVERFLOW:
            self.handle_input_overflow()
        elif isinstance(event, bytes):
            self.collect_incoming_data(event)
        return True

    def _continue_soon_(self) -> None:
        """Deliver on in the next callbacks stage, once."""
        if self._continuation_ is None and not self.closed:
            self._continuation_ = self.loop.call_soon(self._continue_)

    def _continue_(self) -> None:
        self._continuation_ = None
        self._guarded_(self._parse_)

    def _hold_reading_(self, reason: int) -> None:
        super()._hold_reading_(reason)
        self._interrupted_ = True

    def _release_reading_(self, reason: int) -> None:
        """Go on, first with what was received before."""
        super()._release_reading_(reason)
        if not self._framer_.idle:
            self._continue_soon_()

    def close_when_done(self) -> None:
        """Take no more input, and end when everything queued is sent.  RuntimeError: closed."""
        super().close_when_done()
        self._framer_.clear()

    def discard_buffers(self) -> None:
        """Forget received bytes that are not delivered yet, and queued ones."""
        self._framer_.clear()
        self._interrupted_ = True
        self.discard_output()

    def _has_undelivered_(self) -> bool:
        return not self._framer_.idle

    def close(self) -> None:
        """Close at once; what is queued is lost.  Again is harmless."""
        super().close()
        self._interrupted_ = True
