"""A clock that a wrong time of day cannot hurry.

Rule of this file: arithmetic; both clocks are passed in, nothing is stored.

The machine's clock may be 400 days ahead for a minute, or in 1970 until the network is there.
Measured by it, everything would be too old at once.  So ages and the ends of bans are measured by a
clock that starts at the last time the history knew and goes towards the machine's, never more than
`FASTEST` times as fast as the monotonic clock and never backwards.  An outage of a night is made up
for in a quarter of an hour; a minute of a wrong clock costs half an hour of 365 days.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

log = logging.getLogger("chatroom")

FASTEST = 30.0
"""Seconds that it goes in one, at most, while the machine's clock is ahead of it."""

SLOWEST = 0.5
"""Seconds that it goes in one while the machine's is behind: bans still end, and the two meet."""

DAY = 86_400.0


class SteadyClock:
    """The time by which ages are measured.

    Args:
        mono: Seconds on a monotonic clock.
        wall: The machine's time of day, in seconds since the epoch.
    """

    def __init__(self, mono: Callable[[], float], wall: Callable[[], float]) -> None:
        self._mono = mono
        self._wall = wall
        self._read_at = mono()
        self._time = wall()
        self._doubted = False

    def begin(self, last: float) -> None:
        """Start at `last`, the last time that is known, in seconds since the epoch; 0: none is."""
        self._time = last or self._wall()
        self._read_at = self._mono()

    def now(self) -> float:
        """Return the time, in seconds since the epoch; it never goes back."""
        mono = self._mono()
        passed = max(0.0, mono - self._read_at)
        ahead = self._wall() - self._time
        self._time += min(max(ahead, passed * SLOWEST), passed * FASTEST)
        self._read_at = mono
        return self._time

    def ahead(self) -> float:
        """Return how many seconds the machine's clock is ahead of this one; below 0: behind."""
        now = self.now()
        return self._wall() - now

    def check(self) -> None:
        """Log when the machine's clock begins, or ceases, to be more than a day off."""
        ahead = self.ahead()
        doubted = abs(ahead) > DAY
        if doubted and not self._doubted:
            log.warning(
                "The machine's clock is %.1f days %s what the history knew last. It is followed "
                "slowly; until then ages and the ends of bans are counted from the older time.",
                *(abs(ahead) / DAY, "ahead of" if ahead > 0 else "behind"),
            )
        elif self._doubted and not doubted:
            log.info("The machine's clock and the history's time agree again.")
        self._doubted = doubted
