"""Flood control: the verdict on a member's next line.

Rule of this file: arithmetic; the time is an argument.
"""

from __future__ import annotations

import enum

from .limits import Limits
from .throttle import TokenBucket


class Verdict(enum.Enum):
    """What to do with a line."""

    PASS = "pass"
    WARN = "warn"
    DROP = "drop"
    EXPEL = "expel"


class FloodGuard:
    """Judges one member's lines: warns once, then drops lines silently, then expels.

    The warning is repeated, and the strikes are reset, after a silence long enough to fill the
    bucket; otherwise a member just above the rate would be warned at every other line.

    Args:
        limits: `flood_rate`, `flood_burst` and `flood_strikes` apply here.
        now: The time, in seconds on a monotonic clock.
    """

    def __init__(self, limits: Limits, now: float) -> None:
        self._bucket = TokenBucket(limits.flood_rate, limits.flood_burst, now)
        self._most = limits.flood_strikes
        self._strikes = 0

    def judge(self, now: float) -> Verdict:
        """Return what to do with a line that arrived at the time `now` (seconds, monotonic)."""
        if self._bucket.full(now):
            self._strikes = 0
        if self._bucket.take(now):
            return Verdict.PASS
        return self.strike()

    def strike(self) -> Verdict:
        """Return what to do with a line above the limit."""
        self._strikes += 1
        if self._strikes > self._most:
            return Verdict.EXPEL
        return Verdict.WARN if self._strikes == 1 else Verdict.DROP
