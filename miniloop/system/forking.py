"""What becomes of a loop in a forked child.

A child inherits descriptors that share their kernel objects with the parent.  Changing the
inherited epoll set would make the parent deaf, reading the waker's bytes would leave it asleep, and
the parent's signal handlers would catch what is meant for the child.  So the child's loops get new
kernel objects at once: a child that goes on serving has a set of its own, with every channel that
was open; one that closes its channels, or just exits, has touched nothing.  (libevent has
``event_reinit()`` and libuv ``uv_loop_fork()`` for this, which programs must call.)
"""

import os
from contextlib import suppress
from threading import get_ident
from weakref import WeakSet

from miniloop.loop import EventLoop

_loops: WeakSet[EventLoop] = WeakSet()


def renew_after_fork(loop: EventLoop) -> None:
    """Give ``loop`` kernel objects of its own in every child forked from now on."""
    _loops.add(loop)


def renew_all() -> None:
    """Do it for every loop; called in each child.  Signals first: they name the loops' wakers."""
    loops = [loop for loop in _loops if not loop.closed]
    for loop in loops:
        if loop._signals is not None:
            loop._signals.after_fork()
            loop._signals = None
    for loop in loops:
        _renew(loop)


def _renew(loop: EventLoop) -> None:
    """Replace what the kernel shares with the parent; closing the old descriptors is harmless."""
    if loop._thread != get_ident():
        loop._thread = None  # its thread is the parent's: nothing runs this loop here
    loop._home = None  # nor does a host
    with suppress(OSError):  # EBADF: a child does not inherit a kqueue
        loop._selector.close()  # at once, while nothing else can have its number
    loop._selector = loop._new_selector()
    loop.registry.replace_selector(loop._selector)
    loop.registry.unregister(loop._own)
    loop._waker.close()
    loop._waker = loop._new_waker()
    loop._own = loop.registry.register(loop._waker)
    for work in [*loop.background]:
        work.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=renew_all)
