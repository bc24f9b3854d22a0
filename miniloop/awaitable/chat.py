"""Connections that coroutines can await: for programs that move to asyncio step by step.

The dispatchers stay where they are, in a loop that is asyncio's guest (``guest.py``); coroutines
take the place of one handler after the other.  miniloop runs no coroutines itself: that is what
asyncio is for, and one scheduler is enough.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Callable

from miniloop.chat import AsyncChat
from miniloop.loop import EventLoop


class AwaitableChat(AsyncChat):
    """An ``AsyncChat`` that keeps its messages until a coroutine takes them.

    Everything else is as ever: ``set_terminator()``, ``push()``, the limits, the handlers.  Who
    overrides ``found_terminator()`` handles messages there, and awaits the rest.

    Attributes:
        max_unread: messages kept; with more, reading pauses until half of them are taken, so a
            peer cannot fill the memory.
    """

    max_unread: int = 100

    def __init__(self, loop: EventLoop, sock: socket.socket | None = None) -> None:
        """Take over ``sock``, if given."""
        self._parts_: list[bytes] = []
        self._unread_: deque[bytes] = deque()
        self._full_ = False
        self._was_connected_ = False
        self._waiters_: list[asyncio.Future[None]] = []
        super().__init__(loop, sock)

    # -- for coroutines --------------------------------------------------------------------------

    async def established(self) -> None:
        """Return when the connection is there.

        Raises:
            OSError: the connect failed, or the channel was closed before it.
        """
        await self._until_(lambda: self.connected or self._was_connected_)
        if not (self.connected or self._was_connected_):
            raise self.error or ConnectionAbortedError("closed before it was connected")

    async def message(self) -> bytes:
        """Return the next message, without its terminator.

        Raises:
            EOFError: the connection has ended, and all messages are taken.
            OSError: it has ended with this error.
        """
        await self._until_(lambda: bool(self._unread_))
        if not self._unread_:
            raise self.error or EOFError("the connection has ended")
        message = self._unread_.popleft()
        if self._full_ and len(self._unread_) <= self.max_unread // 2 and not self.closed:
            self._full_ = False
            self.resume_reading()
        return message

    async def drain(self) -> None:
        """Return when the queue of output is short: call it after ``push()`` of much.

        Raises:
            OSError: the connection has ended.
        """
        if self.output_size > self.high_water:
            await self._until_(lambda: self.output_size <= self.low_water)
        if self.closed:
            raise self.error or ConnectionResetError("the connection has ended")

    def __aiter__(self) -> "AwaitableChat":
        """Iterate over the messages until the connection ends."""
        return self

    async def __anext__(self) -> bytes:
        """Return the next message."""
        try:
            return await self.message()
        except EOFError:
            raise StopAsyncIteration from None

    async def _until_(self, condition: Callable[[], bool]) -> None:
        """Return when the condition holds, or the channel is closed."""
        while not (condition() or self.closed):
            waiter = asyncio.get_running_loop().create_future()
            self._waiters_.append(waiter)
            try:
                await waiter
            finally:
                self._waiters_.remove(waiter)

    def _changed_(self) -> None:
        """Have all waiters look again."""
        for waiter in self._waiters_:
            if not waiter.done():
                waiter.set_result(None)

    # -- the handlers ----------------------------------------------------------------------------

    def collect_incoming_data(self, data: bytes) -> None:
        """Keep a part of a message."""
        self._parts_.append(data)

    def found_terminator(self) -> None:
        """Keep the message until it is awaited."""
        self._unread_.append(b"".join(self._parts_))
        self._parts_.clear()
        if len(self._unread_) >= self.max_unread and not self._full_:
            self._full_ = True
            self.pause_reading()
        self._changed_()

    def handle_connect(self) -> None:
        """Tell who awaits it."""
        self._was_connected_ = True
        self._changed_()

    def handle_connect_error(self, error: OSError) -> None:
        """Do nothing: ``established()`` raises the error."""

    def flush(self) -> None:
        """Send, and tell who waits for the queue to be short."""
        super().flush()
        self._changed_()

    def close(self) -> None:
        """Close at once, and wake all waiters."""
        super().close()
        self._changed_()
