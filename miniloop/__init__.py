"""miniloop: a small event loop with asyncore's dispatchers."""

from miniloop.chat import AsyncChat
from miniloop.dispatcher import Dispatcher
from miniloop.framing import Terminator
from miniloop.hosts.guest import AsyncioGuest, Guest, TwistedGuest
from miniloop.listener import Listener
from miniloop.loop import EventLoop
from miniloop.net.reconnecting import Reconnecting
from miniloop.outbox import Producer, SimpleProducer
from miniloop.readiness import announced
from miniloop.system.children import Child
from miniloop.system.files import FileDispatcher
from miniloop.system.threadpool import Job, PoolFull, ThreadPool
from miniloop.timers import Handle, TimerHandle
from miniloop.trace.hooks import Trace

__all__ = [
    "AsyncChat",
    "AsyncioGuest",
    "Child",
    "Dispatcher",
    "EventLoop",
    "FileDispatcher",
    "Guest",
    "Handle",
    "Job",
    "Listener",
    "PoolFull",
    "Producer",
    "Reconnecting",
    "SimpleProducer",
    "Terminator",
    "ThreadPool",
    "TimerHandle",
    "Trace",
    "TwistedGuest",
    "announced",
]
