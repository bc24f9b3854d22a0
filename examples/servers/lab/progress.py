"""Shows what is measured just now: one line that changes in a terminal, else a line a case."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO

from .plan import Trial

BLANK_LINE = "\r\x1b[K"  # to the line's start, and erase it: understood by every terminal in use


class Progress:
    """Tells how far the trials are.

    Args:
        out: Where to write; a terminal gets one line that is written over.
        rounds: How many rounds there will be.
        clock: Gives the time in seconds.
    """

    def __init__(
        self, out: TextIO, rounds: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._out = out
        self._rounds = rounds
        self._clock = clock
        self._terminal = out.isatty()
        self._last = ""

    def begin(self, total: float) -> None:
        """Start; `total` is the weight of all that is to be done."""
        self._started = self._clock()
        self._total, self._done = total, 0.0

    def show(self, trial: Trial) -> None:
        """Say what comes next."""
        case = trial.case
        what = (
            f"round {trial.number}/{self._rounds}, {'/'.join(case.shapes)} at {case.connections:,}"
        )
        if self._terminal:
            self._write(f"{BLANK_LINE}{what}, {trial.contestant.label}: {self._how_far()}")
        elif what != self._last:
            self._write(f"{what}: {self._how_far()}\n")
        self._last = what

    def done(self, weight: float) -> None:
        """Count something as done."""
        self._done += weight

    def end(self) -> None:
        """Make room for what is printed next."""
        if self._terminal:
            self._write(BLANK_LINE)

    def _how_far(self) -> str:
        share = self._done / self._total
        if not share:
            return "0 %"
        left = (self._clock() - self._started) * (1 - share) / share
        return f"{share:.0%}, {duration(left)} left"

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()


def duration(seconds: float) -> str:
    """Return a rough duration: `about 40 s`, `about 12 min`."""
    return f"about {seconds:.0f} s" if seconds < 90 else f"about {seconds / 60:.0f} min"
