"""What every channel for coroutines has: it wakes the coroutines that wait for a change of it.

A coroutine waits for a condition.  Each change wakes all that wait, and each looks at its own
condition again, so a wake-up too many does no harm.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from socket import socket as Socket  # the class is an attribute's type where "socket" is its name
from typing import TYPE_CHECKING

from miniloop.awaitable.host import new_waiter
from miniloop.awaitable.waiter import Waiter
from miniloop.loop import EventLoop
from miniloop.queued import QueuedDispatcher

if TYPE_CHECKING:
    import asyncio


class AwaitableChannel(QueuedDispatcher):
    """A connection whose beginning, and whose queue of output, a coroutine can await."""

    def __init__(self, loop: EventLoop, sock: Socket | None = None) -> None:
        """Take over ``sock``, if given."""
        self._waiters_: list[Waiter[None] | asyncio.Future[None]] = []
        self._was_connected_ = False
        super().__init__(loop, sock)

    async def established(self) -> None:
        """Return when the connection is there.

        Raises:
            OSError: the connect failed, or the channel was closed before it.
        """
        await self._until_(lambda: self.connected or self._was_connected_)
        if not (self.connected or self._was_connected_):
            why = "closed before it was connected"
            raise self.error or ConnectionAbortedError(errno.ECONNABORTED, why)

    async def drain(self) -> None:
        """Return when the queue of output is short: call it after ``push()`` of much.

        It waits while more than ``high_water`` bytes are queued, until ``low_water`` are left.

        Raises:
            OSError: the connection has ended.
        """
        if self.output_size > self.high_water:
            await self._until_(lambda: self.output_size <= self.low_water)
        if self.closed:
            raise self.error or ConnectionResetError(errno.ECONNRESET, "the connection has ended")

    async def _until_(self, condition: Callable[[], bool]) -> None:
        """Return when the condition holds, or the channel is closed."""
        while not (condition() or self.closed):
            waiter = new_waiter()
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

    def handle_connect(self) -> None:
        """Wake what awaits the connection."""
        self._was_connected_ = True
        self._changed_()

    def handle_connect_error(self, error: OSError) -> None:
        """Do nothing: ``established()`` raises the error."""

    def flush(self) -> None:
        """Send, and wake what waits for the queue to be short."""
        super().flush()
        self._changed_()

    def close(self) -> None:
        """Close at once, and wake everything that waits."""
        super().close()
        self._changed_()
