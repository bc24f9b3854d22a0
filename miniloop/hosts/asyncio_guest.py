"""A miniloop inside an asyncio loop."""

import asyncio
from collections.abc import Callable
from typing import Self

from miniloop.hosts.guest import Guest
from miniloop.loop import GRACE, EventLoop


class AsyncioGuest(Guest):
    """Lives in an asyncio loop, uvloop included; ``async with`` stops it in order at the end.

    Args:
        loop: ours.
        host: asyncio's; ``asyncio.get_running_loop()``.
        on_end: as in ``Guest``.
    """

    def __init__(
        self,
        loop: EventLoop,
        host: asyncio.AbstractEventLoop,
        on_end: Callable[[], object] | None = None,
    ) -> None:
        """Move in."""
        self._host = host
        self._waiters: list[asyncio.Future[None]] = []
        super().__init__(loop, on_end)

    def watch(self, fd: int) -> None:
        """As in the base class."""
        self._host.add_reader(fd, self.step)

    def unwatch(self, fd: int) -> None:
        """As in the base class."""
        self._host.remove_reader(fd)

    def call_later(self, seconds: float) -> object:
        """As in the base class."""
        return self._host.call_later(seconds, self.step)

    def cancel(self, timer: asyncio.TimerHandle) -> None:
        """As in the base class."""
        timer.cancel()

    async def ended(self) -> None:
        """Return when the guest has left: after ``loop.stop()`` or ``close()``."""
        if not self.closed:
            waiter = self._host.create_future()
            self._waiters.append(waiter)
            await waiter

    async def stop(self, grace: float = GRACE) -> None:
        """Stop the loop in order, as ``EventLoop.stop()`` does, and return when it has ended."""
        if not self.closed:
            self.loop.stop(grace)
            await self.ended()

    def close(self) -> None:
        """As in the base class."""
        super().close()
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def __aenter__(self) -> Self:
        """Return the guest; leaving the block stops the loop in order."""
        return self

    async def __aexit__(self, *exception: object) -> None:
        """Stop the loop in order, or at once when the task is cancelled meanwhile."""
        try:
            await self.stop()
        finally:
            self.close()
