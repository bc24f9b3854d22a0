"""Measuring: how late the loop is, and how often something happens.

Rule of this file: numbers in bounded memory; what they are shown as is `status.py`'s business.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from miniloop import EventLoop

INTERVAL = 0.1  # seconds between two measurements; ten a second cost a ten-thousandth of a core
WINDOW = 60.0  # seconds that are remembered
MOST_SAMPLES = round(WINDOW / INTERVAL)
SECONDS_COUNTED = 15 * 60


@dataclass(frozen=True, slots=True)
class Latency:
    """How late timers were in the last minute, in seconds."""

    median: float = 0.0
    p99: float = 0.0
    worst: float = 0.0


class LoopLatency:
    """Asks the loop for a timer ten times a second and notes how late each one is.

    What delays a timer delays every message as much: a handler that takes long, a machine that is
    too slow.  A loop that is held up for a second has missed ten measurements, and all of them
    count: one figure among six hundred would make a minute of hiccups look like a smooth one.

    Args:
        loop: The loop to be measured.
        measured: Whether it is; if not, all figures are 0.
    """

    def __init__(self, loop: EventLoop, *, measured: bool = True) -> None:
        self._loop = loop
        self._lateness: deque[float] = deque(maxlen=MOST_SAMPLES)
        self._due = loop.time() + INTERVAL
        if measured:
            self._next()

    def summary(self) -> Latency:
        """Return the figures of the last minute."""
        late = sorted(self._lateness)
        return Latency(_quantile(late, 0.5), _quantile(late, 0.99), _quantile(late, 1.0))

    def _next(self) -> None:
        self._loop.call_at(self._due, self._measure)

    def _measure(self) -> None:
        now = self._loop.time()
        self._due = max(self._due, now - WINDOW)  # hours of a machine's sleep are a minute
        while self._due <= now:
            self._lateness.append(now - self._due)
            self._due += INTERVAL
        self._next()


def _quantile(ordered: Sequence[float], share: float) -> float:
    if not ordered:
        return 0.0
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


class Rate:
    """How often something happened in the last second, minute, and so on.

    Give `tick` the running total once a second.
    """

    def __init__(self) -> None:
        self._totals: deque[int] = deque([0], maxlen=SECONDS_COUNTED + 1)

    def tick(self, total: int) -> None:
        """Another second is over; `total` is how often it has happened since the start."""
        self._totals.append(total)

    def over(self, seconds: int) -> float:
        """Return the times a second over the last `seconds`, at most 900, or since the start."""
        span = min(seconds, len(self._totals) - 1)
        return (self._totals[-1] - self._totals[-1 - span]) / span if span > 0 else 0.0
