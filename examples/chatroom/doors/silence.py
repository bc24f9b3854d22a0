"""How long a peer may say nothing.

``set_idle_timeout()`` counts what is sent, too: in a room where others talk, nobody would ever be
idle.  The doors ask the peer for a sign of life, so here only what it says counts.
"""

from __future__ import annotations

from collections.abc import Callable

from miniloop import EventLoop
from miniloop.net.idle_limit import IdleLimit


class Silence:
    """A limit on the time in which nothing is received from one peer.

    Args:
        loop: The loop whose clock counts.
        passed: Called whenever the limit has passed, until the next `limit()`.
    """

    def __init__(self, loop: EventLoop, passed: Callable[[], object]) -> None:
        self._loop = loop
        self._passed = passed
        self._limit: IdleLimit | None = None

    def limit(self, seconds: float | None) -> None:
        """Count from now on; None counts no more."""
        if self._limit is not None:
            self._limit.close()
        self._limit = None if seconds is None else IdleLimit(self._loop, seconds, self._passed)

    def heard(self) -> None:
        """Something was received."""
        if self._limit is not None:
            self._limit.note()
