"""miniloop: a small event loop with asyncore's dispatchers.

The core is imported here; a wing is imported when a name of it is first asked for.
"""

from __future__ import annotations

import sys

from miniloop.chat import AsyncChat
from miniloop.dispatcher import Dispatcher
from miniloop.framing import Terminator
from miniloop.loop import EventLoop
from miniloop.readiness import announced
from miniloop.timers import Handle, TimerHandle

TYPE_CHECKING = False  # importing typing would double the time that importing miniloop takes
if TYPE_CHECKING:
    from typing import Any

    from miniloop.hosts.asyncio_guest import AsyncioGuest
    from miniloop.hosts.guest import Guest
    from miniloop.hosts.twisted_guest import TwistedGuest
    from miniloop.net.broadcasting import broadcast
    from miniloop.net.listener import Listener
    from miniloop.net.producers import Producer, SimpleProducer
    from miniloop.net.reconnecting import Reconnecting
    from miniloop.system.children import Child
    from miniloop.system.files import FileDispatcher
    from miniloop.system.threadpool import Job, PoolFull, ThreadPool
    from miniloop.trace.hooks import Trace

_WINGS = {
    "AsyncioGuest": "hosts.asyncio_guest", "Child": "system.children",
    "FileDispatcher": "system.files", "Guest": "hosts.guest", "Job": "system.threadpool",
    "Listener": "net.listener", "PoolFull": "system.threadpool", "Producer": "net.producers",
    "Reconnecting": "net.reconnecting", "SimpleProducer": "net.producers", "Trace": "trace.hooks",
    "ThreadPool": "system.threadpool", "TwistedGuest": "hosts.twisted_guest",
    "broadcast": "net.broadcasting",
}  # fmt: skip

__all__ = [
    "AsyncChat", "AsyncioGuest", "Child", "Dispatcher", "EventLoop", "FileDispatcher", "Guest",
    "Handle", "Job", "Listener", "PoolFull", "Producer", "Reconnecting", "SimpleProducer",
    "Terminator", "ThreadPool", "TimerHandle", "Trace", "TwistedGuest", "announced", "broadcast",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Import the wing in which ``name`` is."""
    if name not in _WINGS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = f"{__name__}.{_WINGS[name]}"
    __import__(module)  # importlib would cost as much again as a file of the core
    value = globals()[name] = getattr(sys.modules[module], name)
    return value
