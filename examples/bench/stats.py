"""From the runs of all rounds to the few figures that are shown; arithmetic only."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Run:
    """One contestant in one round.

    Attributes:
        rate: Messages a second.
        per_cpu: Messages a second of the server's CPU time, or None if that is not known.
        busy: The server's CPU time as a share of the time that passed, or None.
        waited: The share in which something else had the server's core or the load's, or None.
    """

    rate: float
    per_cpu: float | None = None
    busy: float | None = None
    waited: float | None = None


@dataclass(frozen=True)
class Quartiles:
    """The middle of some numbers, and the two bounds between which half of them lie."""

    low: float
    median: float
    high: float


def quartiles(values: Sequence[float]) -> Quartiles:
    """Return the quartiles of one or more numbers."""
    if len(values) == 1:
        return Quartiles(values[0], values[0], values[0])
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return Quartiles(low, median, high)


def paired(ours: Sequence[float | None], theirs: Sequence[float | None]) -> Quartiles | None:
    """Return the quartiles of ours/theirs, each ratio taken within one round."""
    pairs = zip(ours, theirs, strict=True)
    ratios = [mine / other for mine, other in pairs if mine is not None and other]
    return quartiles(ratios) if ratios else None


def median(values: Sequence[float | None]) -> float | None:
    """Return the median of those that are known."""
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


@dataclass(frozen=True)
class Score:
    """All about one contestant in one workload.

    Attributes:
        label: The contestant's name.
        rate: Median of messages a second.
        per_cpu: Median of messages a second of server CPU time.
        busy: Median share of the time in which the server ran.
        waited: Median share in which something else had its core or the load's.
        rate_ratio: Ours to this contestant's rate; None for ourselves.
        cpu_ratio: The same for messages a second of server CPU time.
        target: The ratio that is to be reached, or None.
    """

    label: str
    rate: float
    per_cpu: float | None
    busy: float | None
    waited: float | None
    rate_ratio: Quartiles | None
    cpu_ratio: Quartiles | None
    target: float | None

    @property
    def verdict(self) -> str:
        """Whether the target was reached: by which of the two ratios, if not by both."""
        if self.target is None or self.rate_ratio is None:
            return ""
        by_rate = self.rate_ratio.median >= self.target
        by_cpu = self.cpu_ratio is None or self.cpu_ratio.median >= self.target
        if by_rate == by_cpu:
            return "yes" if by_rate else "NO"
        return "rate only" if by_rate else "cpu only"


def score(label: str, target: float | None, runs: Sequence[Run], ours: Sequence[Run]) -> Score:
    """Sum up one contestant's runs beside ours, round by round."""
    ourselves = runs is ours
    rates = [run.rate for run in runs]
    per_cpu = [run.per_cpu for run in runs]
    return Score(
        label=label,
        rate=statistics.median(rates),
        per_cpu=median(per_cpu),
        busy=median([run.busy for run in runs]),
        waited=median([run.waited for run in runs]),
        rate_ratio=None if ourselves else paired([run.rate for run in ours], rates),
        cpu_ratio=None if ourselves else paired([run.per_cpu for run in ours], per_cpu),
        target=target,
    )
