"""miniloop: a small event loop with asyncore's dispatchers."""

from miniloop.channel import announced
from miniloop.chat import AsyncChat
from miniloop.children import Child
from miniloop.dispatcher import Dispatcher
from miniloop.file import FileDispatcher
from miniloop.framing import Terminator
from miniloop.guest import AsyncioGuest, Guest, TwistedGuest
from miniloop.listener import Listener
from miniloop.loop import EventLoop
from miniloop.outbox import Producer, SimpleProducer
from miniloop.reconnecting import Reconnecting
from miniloop.threadpool import Job, PoolFull, ThreadPool
from miniloop.timers import Handle, TimerHandle
from miniloop.trace import Trace

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
