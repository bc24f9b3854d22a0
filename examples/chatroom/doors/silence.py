"""A limit on how long a peer may be silent.

``set_idle_timeout()`` also counts sent data: in a room with messages no connection would ever be
idle.  The doors ask the peer for a sign of life, so only received data counts here.
"""

from __future__ import annotations

from collections.abc import Callable

from miniloop import EventLoop
from miniloop.net.idle_limit import IdleLimit


class Silence:
    """A limit on the time in which nothing is received from one peer.

    Args:
        loop: The loop that provides the clock.
        passed: Called each time the limit has passed, until the next `limit()`.
    """

    def __init__(self, loop: EventLoop, passed: Callable[[], object]) -> None:
        self._loop = loop
        self._passed = passed
        self._limit: IdleLimit | None = None

    def limit(self, seconds: float | None) -> None:
        """Restart the count with this limit in seconds; None stops it."""
        if self._limit is not None:
            self._limit.close()
        self._limit = None if seconds is None else IdleLimit(self._loop, seconds, self._passed)

    def heard(self) -> None:
        """Note that something was received."""
        if self._limit is not None:
            self._limit.note()
