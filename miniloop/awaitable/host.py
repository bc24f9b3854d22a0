"""What runs a coroutine: a ``Task`` of ours, or asyncio.  The rest of this folder need not know.

asyncio is not imported here: where it runs a coroutine, the program has imported it.
"""

from __future__ import annotations

import sys
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

from miniloop.awaitable.runner import Task, TimeLimit, current_task
from miniloop.awaitable.waiter import Waiter
from miniloop.loop import EventLoop

if TYPE_CHECKING:
    import asyncio

_asyncio_tasks: set[asyncio.Task[None]] = set()
"""asyncio itself keeps no task alive."""


def new_waiter() -> Waiter[None] | asyncio.Future[None]:
    """Return something that the calling coroutine may await and a handler may set.

    Raises:
        RuntimeError: neither a ``Task`` nor asyncio runs the coroutine.
    """
    if current_task() is not None:
        return Waiter()
    host = _asyncio_loop()
    if host is None:
        raise RuntimeError("nothing runs this coroutine: give it to a Task, or to asyncio")
    return host.create_future()


def start(loop: EventLoop, coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that reports its own errors: in asyncio where that is the host."""
    host = _asyncio_loop()
    if host is None:
        Task(loop, coroutine)
        return
    task = host.create_task(coroutine)
    _asyncio_tasks.add(task)
    task.add_done_callback(_asyncio_tasks.discard)


def timeout(seconds: float | None) -> AbstractAsyncContextManager[object]:
    """Limit the time of an ``async with`` block: it is cancelled, and raises TimeoutError.

    Under asyncio this is ``asyncio.timeout()``.

    Args:
        seconds: the limit; None sets none.

    Raises:
        RuntimeError: neither a ``Task`` nor asyncio runs the coroutine.
    """
    task = current_task()
    if task is not None:
        return TimeLimit(task, seconds)
    if _asyncio_loop() is None:
        raise RuntimeError("nothing runs this coroutine: give it to a Task, or to asyncio")
    import asyncio

    return asyncio.timeout(seconds)


def _asyncio_loop() -> asyncio.AbstractEventLoop | None:
    """Return the asyncio loop that runs on this thread, if one does."""
    if "asyncio" not in sys.modules:
        return None
    import asyncio

    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
