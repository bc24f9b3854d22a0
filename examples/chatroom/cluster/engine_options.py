"""The engine's address and limits.

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
    """The engine and its limits.

    Args:
        address: The server, or one server of a Redis Cluster.
        prefix: The beginning of all keys; two clusters on one engine have two prefixes.
        most_entries: Entries that a feed keeps; up to a hundred more are possible.
        most_waiting: Entries that may be queued here for the engine, in all feeds.
        most_bytes: The same limit in bytes.
        timeout: Seconds that the engine may take for a command.
        span: Seconds until a node and its names expire without a heartbeat.
        beat: Seconds between two heartbeats.
        remembered: Seconds that the engine keeps nonces, so that no entry is added twice.
        first: Upper limit in seconds of the first pause after a failure.
        longest: Upper limit in seconds of any pause.
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
        """Return the names of the keys."""
        return Keys(self.prefix)
