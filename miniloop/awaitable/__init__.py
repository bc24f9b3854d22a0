"""Connections that coroutines can await, and what runs coroutines without another event loop."""

from miniloop.awaitable.chat import AwaitableChat
from miniloop.awaitable.host import timeout
from miniloop.awaitable.runner import Cancelled, Task, run
from miniloop.awaitable.serving import served_by
from miniloop.awaitable.stream import IncompleteRead, Stream, TooLong
from miniloop.awaitable.together import together
from miniloop.awaitable.waiter import Waiter

__all__ = [
    "AwaitableChat", "Cancelled", "IncompleteRead", "Stream", "Task", "TooLong", "Waiter", "run",
    "served_by", "timeout", "together",
]  # fmt: skip
