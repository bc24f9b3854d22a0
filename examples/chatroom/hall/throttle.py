"""Token buckets: one, and one for each of many keys.

Rule of this file: arithmetic; the time is an argument.  Clients choose the keys, so their number is
bounded: a full bucket carries no information and is forgotten.
"""

from __future__ import annotations

from collections.abc import Hashable

MOST_KEYS = 10_000


class TokenBucket:
    """A limit of `burst` uses at once and `rate` uses a second on average.

    The bucket holds at most `burst` tokens, gains `rate` of them a second, and each use takes
    one.  A clock that goes backwards gives nothing and takes nothing.

    Args:
        rate: Tokens a second.
        burst: Most tokens held; the bucket begins full.
        now: The time, in seconds on a monotonic clock.
    """

    def __init__(self, rate: float, burst: int, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = float(burst)
        self._filled = now

    def take(self, now: float) -> bool:
        """Take one token at time `now` (seconds); False if there is none."""
        self._fill(now)
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def spent(self, now: float) -> bool:
        """Return whether there is no token at the time `now` (seconds); takes none."""
        self._fill(now)
        return self._tokens < 1

    def full(self, now: float) -> bool:
        """Return whether the bucket is full at the time `now` (seconds): it was not used lately."""
        self._fill(now)
        return self._tokens >= self._burst

    def _fill(self, now: float) -> None:
        if now > self._filled:
            gained = (now - self._filled) * self._rate
            self._tokens = min(self._burst, self._tokens + gained)
            self._filled = now


class Throttle:
    """A token bucket for each key.

    Args:
        rate: Tokens a second.
        burst: Most tokens at once.
        most: Keys remembered; beyond that the oldest is forgotten, because if new keys were
            refused, a few thousand clients could shut out all others.
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
        """Return whether `key` has no token left at the time `now`; takes none."""
        bucket = self._buckets.get(key)
        return bucket is not None and bucket.spent(now)

    def _make_place(self, now: float) -> None:
        if len(self._buckets) < self._most:
            return
        for key in [key for key, bucket in self._buckets.items() if bucket.full(now)]:
            del self._buckets[key]
        if len(self._buckets) >= self._most:
            del self._buckets[next(iter(self._buckets))]
