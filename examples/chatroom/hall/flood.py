"""Flood control: the verdict on one more line of a member.

Rule of this file: arithmetic; the time is an argument.
"""

from __future__ import annotations

import enum

from .limits import Limits
from .throttle import TokenBucket


class Verdict(enum.Enum):
    """What is to be done with a line."""

    PASS = "pass"
    WARN = "warn"
    DROP = "drop"
    EXPEL = "expel"


class FloodGuard:
    """Judges one member's lines: warn once, then drop in silence, then expel.

    The warning is given, and the strikes are forgotten, anew after a silence long enough to
    fill the bucket; otherwise somebody just above the rate would be warned at every other line.

    Args:
        limits: `flood_rate`, `flood_burst` and `flood_strikes` count here.
        now: The time, in seconds on a monotonic clock.
    """

    def __init__(self, limits: Limits, now: float) -> None:
        self._bucket = TokenBucket(limits.flood_rate, limits.flood_burst, now)
        self._most = limits.flood_strikes
        self._strikes = 0

    def judge(self, now: float) -> Verdict:
        """Say what to do with a line that came at time `now` (seconds, monotonic)."""
        if self._bucket.full(now):
            self._strikes = 0
        if self._bucket.take(now):
            return Verdict.PASS
        return self.strike()

    def strike(self) -> Verdict:
        """Say what to do with one more line that is too much."""
        self._strikes += 1
        if self._strikes > self._most:
            return Verdict.EXPEL
        return Verdict.WARN if self._strikes == 1 else Verdict.DROP
