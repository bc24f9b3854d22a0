"""A clock that does not follow jumps of the machine's time of day.

Rule of this file: arithmetic; both clocks are arguments, nothing is stored.

The machine's clock may be 400 days ahead for a minute, or in 1970 until the network is available.
With it as the measure, all messages would be too old at once.  So ages and the ends of bans use a
clock that starts at the last time in the history and approaches the machine's, at most `FASTEST`
times as fast as the monotonic clock and never backwards.  After an outage of a night it catches up
in a quarter of an hour; a minute of a wrong clock adds half an hour of 365 days.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

log = logging.getLogger("chatroom")

FASTEST = 30.0
"""The maximum rate, in seconds per second, while the machine's clock is ahead."""

SLOWEST = 0.5
"""The rate, in seconds per second, while the machine's clock is behind: bans still end."""

DAY = 86_400.0


class SteadyClock:
    """The time for ages.

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
        """Start at `last`, the last known time, in seconds since the epoch; 0 if none is known."""
        self._time = last or self._wall()
        self._read_at = self._mono()

    def now(self) -> float:
        """Return the time, in seconds since the epoch; it never goes backwards."""
        mono = self._mono()
        passed = max(0.0, mono - self._read_at)
        ahead = self._wall() - self._time
        self._time += min(max(ahead, passed * SLOWEST), passed * FASTEST)
        self._read_at = mono
        return self._time

    def ahead(self) -> float:
        """Return how many seconds the machine's clock is ahead of this one; negative: behind."""
        now = self.now()
        return self._wall() - now

    def check(self) -> None:
        """Log when the machine's clock starts or stops being more than a day off."""
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
