"""Waiting times that double: they make guessing slow.

Rule of this file: arithmetic; the time is an argument.  Clients choose the keys (addresses, names),
so their number is bounded: beyond it the key with the oldest attempt is forgotten.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

_MOST_DOUBLINGS = 30


@dataclass(slots=True)
class _Record:
    attempts: int
    until: float


class Backoff:
    """Counts attempts, and returns how long the next one has to wait.

    Args:
        free: Attempts without a wait, for typing errors.
        first: The first waiting time, in seconds; each later one is twice the previous one.
        longest: The longest, in seconds.  A key is reset when that time has passed after its wait.
        most: Keys remembered.
    """

    def __init__(
        self, free: int = 3, first: float = 1.0, longest: float = 900.0, most: int = 10_000
    ) -> None:
        self._free = free
        self._first = first
        self._longest = longest
        self._most = most
        self._records: dict[Hashable, _Record] = {}

    def __len__(self) -> int:
        """Return the number of keys remembered."""
        return len(self._records)

    def wait(self, key: Hashable, now: float) -> float:
        """Return how many seconds `key` has to wait at time `now` (seconds, monotonic)."""
        record = self._records.get(key)
        return max(0.0, record.until - now) if record else 0.0

    def count(self, key: Hashable, now: float) -> None:
        """Count one attempt of `key`; called before the check, or many could run at once."""
        record = self._records.pop(key, None)
        if record is None or now > record.until + self._longest:
            record = _Record(0, now)
        record.attempts += 1
        record.until = now + self._delay(record.attempts)
        self._records[key] = record
        if len(self._records) > self._most:
            del self._records[next(iter(self._records))]

    def take_back(self, key: Hashable, now: float) -> None:
        """Undo a `count` of `key` at the same `now`: the attempt was not checked after all."""
        record = self._records.get(key)
        if record is not None:
            record.attempts -= 1
            record.until = now

    def forgive(self, key: Hashable) -> None:
        """Reset `key` after a correct attempt."""
        self._records.pop(key, None)

    def _delay(self, attempts: int) -> float:
        if attempts < self._free:
            return 0.0
        doubled = self._first * 2.0 ** min(attempts - self._free, _MOST_DOUBLINGS)
        return min(self._longest, doubled)
