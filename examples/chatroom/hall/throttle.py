"""So many at once, so many a second: for each of many strangers.

Rule of this file: arithmetic; time is passed in.  Strangers choose the keys, so their number is
bounded: a bucket that is full again says nothing and is forgotten.
"""

from __future__ import annotations

from collections.abc import Hashable

from .limits import TokenBucket

MOST_KEYS = 10_000


class Throttle:
    """A token bucket for each key.

    Args:
        rate: Tokens a second.
        burst: Most tokens at once.
        most: Keys remembered; beyond that the one that came first is forgotten, since to refuse
            newcomers would let a few thousand strangers shut everybody out.
    """

    def __init__(self, rate: float, burst: int, most: int = MOST_KEYS) -> None:
        self._rate = rate
        self._burst = burst
        self._most = most
        self._buckets: dict[Hashable, TokenBucket] = {}

    def take(self, key: Hashable, now: float) -> bool:
        """Take one token of `key` at time `now` (seconds, monotonic); False if there is none."""
        bucket = self._buckets.get(key)
        if bucket is None:
            self._make_place(now)
            bucket = self._buckets[key] = TokenBucket(self._rate, self._burst, now)
        return bucket.take(now)

    def spent(self, key: Hashable, now: float) -> bool:
        """Say whether `key` has no token left at time `now`; takes none."""
        bucket = self._buckets.get(key)
        return bucket is not None and bucket.spent(now)

    def _make_place(self, now: float) -> None:
        if len(self._buckets) < self._most:
            return
        for key in [key for key, bucket in self._buckets.items() if bucket.full(now)]:
            del self._buckets[key]
        if len(self._buckets) >= self._most:
            del self._buckets[next(iter(self._buckets))]
