"""Which engine, and within which bounds.

Rule of this file: plain values.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from examples.redis.address import Address

from .keys import Keys


@dataclass(frozen=True)
class EngineOptions:
    """The engine and its bounds.

    Args:
        address: The server, or one of a Redis Cluster.
        prefix: What all keys begin with; two clusters on one engine have two.
        most_entries: Entries that a feed keeps, or a hundred more.
        most_waiting: Entries that may wait here for the engine, in all feeds.
        most_bytes: The same in bytes.
        timeout: Seconds that the engine has for a command.
        span: Seconds that a node and its names count as there without a sign of life.
        beat: Seconds between two of those.
        remembered: Seconds that the engine knows what was added, so that it is not added again.
        first: Seconds that the first pause after a failure lasts at most.
        longest: Seconds that any pause lasts at most.
        uniform: Returns a random number between two others.

    Raises:
        ValueError: The prefix is empty, or has other characters than letters, digits, `_.-`.
    """

    address: Address
    prefix: str = "chatroom"
    most_entries: int = 10_000
    most_waiting: int = 10_000
    most_bytes: int = 16 << 20
    timeout: float = 5.0
    span: float = 15.0
    beat: float = 5.0
    remembered: float = 600.0
    first: float = 0.1
    longest: float = 5.0
    uniform: Callable[[float, float], float] = random.uniform

    def __post_init__(self) -> None:
        Keys(self.prefix)

    @property
    def keys(self) -> Keys:
        """The keys."""
        return Keys(self.prefix)
