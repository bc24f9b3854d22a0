"""Measurements: the latency of the loop, and rates of events.

Rule of this file: numbers in bounded memory; `status.py` presents them.
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
    """The delays of timers in the last minute, in seconds."""

    median: float = 0.0
    p99: float = 0.0
    worst: float = 0.0


class LoopLatency:
    """Starts a timer ten times a second and records how late each one fires.

    What delays a timer delays every message as much: a slow handler, a slow machine.  A loop that
    is blocked for a second has missed ten measurements, and all of them count: as one figure among
    six hundred, the delay would hardly show in a minute's figures.

    Args:
        loop: The loop to measure.
        measured: Whether to measure; if False, all figures are 0.
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
        self._due = max(self._due, now - WINDOW)  # hours of a suspended machine count as one minute
        while self._due <= now:
            self._lateness.append(now - self._due)
            self._due += INTERVAL
        self._next()


def _quantile(ordered: Sequence[float], share: float) -> float:
    if not ordered:
        return 0.0
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


class Rate:
    """The average rate of an event over the last second, minute, and so on.

    Call `tick` with the running total once a second.
    """

    def __init__(self) -> None:
        self._totals: deque[int] = deque([0], maxlen=SECONDS_COUNTED + 1)

    def tick(self, total: int) -> None:
        """Record the next second; `total` is the number of events since the start."""
        self._totals.append(total)

    def over(self, seconds: int) -> float:
        """Return the events a second over the last `seconds`, at most 900, or since the start."""
        span = min(seconds, len(self._totals) - 1)
        return (self._totals[-1] - self._totals[-1 - span]) / span if span > 0 else 0.0
