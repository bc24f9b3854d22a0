"""A chat whose messages coroutines can await: for programs that move to ``await`` step by step.

The dispatchers stay where they are, and coroutines take the place of one handler after the other.
A program that begins with coroutines is better served by ``stream.py``.
"""

from __future__ import annotations

import socket
from collections import deque

from miniloop.awaitable.waiting import AwaitableChannel
from miniloop.chat import AsyncChat
from miniloop.framing import END
from miniloop.loop import EventLoop
from miniloop.state import EOF


class AwaitableChat(AwaitableChannel, AsyncChat):
    """An ``AsyncChat`` that keeps one message until a coroutine takes it.

    Everything else is as ever: ``set_terminator()``, ``push()``, the limits, the handlers.  An
    override of ``found_terminator()`` handles messages there, and the rest can be awaited.

    While a message is kept, and until the next one is awaited, nothing is split or received: a new
    terminator applies to the byte after the last message, and a peer that sends faster than the
    coroutine takes is slowed down.  At most 64 KiB wait unsplit.  Without a terminator each piece
    that arrives is a message.
    """

    def __init__(self, loop: EventLoop, sock: socket.socket | None = None) -> None:
        """Take over ``sock``, if given."""
        self._parts_: list[bytes] = []
        self._unread_: deque[bytes] = deque()  # an override may find several in one
        self._kept_ = False  # reading is paused for a message that was kept
        super().__init__(loop, sock)

    async def message(self) -> bytes:
        """Return the next message, without its terminator.

        Raises:
            EOFError: the connection has ended, and all messages are taken.
            OSError: it has ended with this error.
        """
        while not self._unread_:
            if self.closed:
                self._split_the_rest_()
                break
            self._go_on_()
            await self._until_(lambda: bool(self._unread_) or self._kept_)
        if not self._unread_:
            raise self.error or EOFError("the connection has ended")
        return self._unread_.popleft()

    def __aiter__(self) -> AwaitableChat:
        """Iterate over the messages until the connection ends."""
        return self

    async def __anext__(self) -> bytes:
        """Return the next message."""
        try:
            return await self.message()
        except EOFError:
            raise StopAsyncIteration from None

    def _go_on_(self) -> None:
        """Receive and split again; after the peer's end, close when everything is dealt with."""
        if not self._kept_:
            return
        self._kept_ = False
        self.resume_reading()
        if self._hold_ & EOF:
            self._guarded_(self._finish_)

    def _split_the_rest_(self) -> None:
        """Keep the next message of what was received before the end; no handler is called."""
        while not (self._unread_ or self._framer_.idle):
            event = self._framer_.next_event()
            if isinstance(event, bytes):
                AwaitableChat.collect_incoming_data(self, event)
            elif event is END:
                AwaitableChat.found_terminator(self)

    def _keep_(self, message: bytes) -> None:
        self._unread_.append(message)
        if not (self._kept_ or self.closed):
            self._kept_ = True
            self.pause_reading()
        self._changed_()

    # -- the handlers ----------------------------------------------------------------------------

    def collect_incoming_data(self, data: bytes) -> None:
        """Keep a part of a message, or all of it where there is no terminator."""
        if self.get_terminator() is None:
            self._keep_(data)
        else:
            self._parts_.append(data)

    def found_terminator(self) -> None:
        """Keep the message until it is awaited."""
        message = b"".join(self._parts_)
        self._parts_.clear()
        self._keep_(message)

    def input_done(self) -> bool:
        """Return whether everything received is dealt with: a message that is kept is not."""
        return not self._kept_ and super().input_done()
