"""A host that is the test itself: it has no loop, and steps the guest when a host would."""

import os
import select
import socket
from collections.abc import Callable
from typing import Any

from miniloop import EventLoop, Guest
from miniloop.readiness import READ


class SteppingHost(Guest):
    """Steps when it must, and counts."""

    def __init__(self, loop: EventLoop, on_end: Callable[[], object] | None = None) -> None:
        self.watched: int | None = None
        self.timer: float | None = None
        self.steps = 0
        super().__init__(loop, on_end)

    def watch(self, fd: int) -> None:
        assert self.watched is None
        self.watched = fd

    def unwatch(self, fd: int) -> None:
        assert self.watched == fd
        self.watched = None

    def call_later(self, seconds: float) -> object:
        self.timer = self.loop.time() + seconds
        return self

    def cancel(self, timer: object) -> None:
        self.timer = None

    def due(self) -> bool:
        """Return whether a host would step now."""
        if self.timer is not None and self.timer <= self.loop.time():
            return True
        return self.watched is not None and bool(select.select([self.watched], [], [], 0)[0])

    def settle(self) -> int:
        """Step until nothing is due; return how many steps it took."""
        before = self.steps
        while self.due():
            self.steps += 1
            assert self.steps - before < 100, "it spins"
            self.step()
        return self.steps - before


def make_stale(selector: Any) -> None:
    """Leave in an epoll set what nothing can unregister, so that the next ``select()`` rebuilds it.

    The descriptor is closed behind the selector's back while a duplicate of it lives on.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        copy = os.dup(ours.fileno())
        selector.register(ours.fileno(), READ)
        fd = ours.fileno()
        ours.close()
        selector.unregister(fd)
        theirs.send(b"!")
        assert selector.select(0) == []
        os.close(copy)
