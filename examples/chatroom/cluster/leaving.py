"""The orderly end of a node.

Rule of this file: the order of the steps, within a time limit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from miniloop import EventLoop, TimerHandle

CLOSING = 3.0
"""Seconds that the engine has for this node's last entries."""

LOOKING = 0.02
"""Seconds between two checks of the queue."""


class Parting(Protocol):
    """The object that ends."""

    @property
    def up(self) -> bool:
        """Return whether the engine is available."""

    def waiting(self) -> int:
        """Return how many entries are not acknowledged."""

    def say_goodbye(self, done: Callable[[Any], None]) -> int:
        """Release the names of this node; return how often `done` will be called."""

    def end(self) -> None:
        """Close all connections."""


class Leaving:
    """Sends pending entries, releases names, ends.

    Args:
        loop: The loop that serves it.
        node: The object that ends.
        done: Called once, after the end.
    """

    def __init__(self, loop: EventLoop, node: Parting, done: Callable[[], None]) -> None:
        self._loop = loop
        self._node = node
        self._done: Callable[[], None] | None = done
        self._left: int | None = None  # answers that are still expected
        self._limit: TimerHandle = loop.call_later(CLOSING, self._end)
        self._look()

    @property
    def over(self) -> bool:
        """Return whether it has ended."""
        return self._done is None

    def _look(self) -> None:
        """Continue when the queue is empty."""
        if self._done is None:
            return
        if not self._node.up:
            self._end()
        elif self._node.waiting():
            self._loop.call_later(LOOKING, self._look)
        else:
            self._left = self._node.say_goodbye(self._answered)

    def _answered(self, reply: object) -> None:
        if self._left is not None:
            self._left -= 1
            if self._left <= 0:
                self._end()

    def _end(self) -> None:
        done, self._done = self._done, None
        if done is not None:
            self._limit.cancel()
            self._node.end()
            self._loop.call_soon(done)
