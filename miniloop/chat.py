"""A dispatcher that collects input until a terminator and queues its output.

``AsyncChat`` is ``QueuedDispatcher`` + ``framing`` and little else: what it adds is *when*.  A
bounded number of messages is delivered in a pass, and only while nobody interrupts.
"""

import socket

from miniloop.framing import END, NEED_DATA, OVERFLOW, Framer, Terminator, check_terminator
from miniloop.loop import EventLoop
from miniloop.queued import QueuedDispatcher
from miniloop.sockets import CHUNK
from miniloop.timers import Handle

MESSAGES_PER_PASS = 1024
"""Messages that one channel may deliver in a pass: some milliseconds at the usual microseconds."""


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
        self._framer = Framer(self.max_input)
        self._interrupted = False
        self._halted = False
        self._handing_over = False
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
            if was_idle and not self._framer.idle:
                self._continue_soon()

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
                self._framer.limit = self.max_input
                self._framer.feed(data)
                self._parse()

    def _parse(self) -> None:
        """Deliver what is complete; what exceeds the bound waits for the next pass."""
        framer = self._framer
        budget = MESSAGES_PER_PASS
        while not (framer.idle or self._halted):
            if budget <= 0:
                self._continue_soon()
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
                if self._interrupted:  # its terminator is still to be looked at
                    self._framer.give_back([b"", *waiting])
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

    def _continue_soon(self) -> None:
        """Parse on in the next callbacks stage, once."""
        if self._continuation is None:
            self._continuation = self.loop.call_soon(self._continue)

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
        self._halted = self._closing or self._handing_over
        if not self._framer.idle:
            self._continue_soon()

    # -- TLS -------------------------------------------------------------------------------------

    def _leave_plain(self, server_side: bool) -> bytes:
        """Deliver nothing of what came before TLS: whoever is in the line may have put it there."""
        plain = super()._leave_plain(server_side)
        self._halted = self._interrupted = self._handing_over = True
        return plain

    def _take_input(self) -> bytes:
        """Return what was not delivered; the next message begins behind the handshake."""
        framer, terminator = self._framer, self._framer.terminator
        framer.terminator = None
        rest = framer.next_event()
        framer.terminator = terminator
        self._handing_over = False
        self._halted = self._paused or self._closing
        return rest if isinstance(rest, bytes) else b""

    # -- the end ---------------------------------------------------------------------------------

    def close_when_done(self) -> None:
        """Take no more input, and end when everything queued is sent.

        Raises:
            RuntimeError: the channel is closed.
        """
        super().close_when_done()
        self._halted = self._interrupted = True
        self._framer.clear()

    def discard_buffers(self) -> None:
        """Forget received bytes that are not delivered yet, and queued ones."""
        self._framer.clear()
        self._interrupted = True
        self.discard_output()

    def input_done(self) -> bool:
        """Return whether everything received is delivered."""
        return self._framer.idle

    def close(self) -> None:
        """Close at once; what is queued is lost.  Again is harmless."""
        super().close()
        self._halted = self._interrupted = True
        if self._continuation is not None:
            self._continuation.cancel()
            self._continuation = None
