"""From the runs of all rounds to the few figures that are shown; arithmetic only."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

LEAST_IDLE = 0.05  # share of its time; a load that waited less may be what was measured


@dataclass(frozen=True)
class Run:
    """One contestant in one round.

    Attributes:
        rate: Messages a second.
        per_cpu: Messages a second of the server's CPU time, or None if that is not known.
        busy: The server's CPU time as a share of the time that passed, or None.
        preempted: The share in which something else had the server's core or the load's, or None.
        idle: The share in which the load waited for the server, or None.
    """

    rate: float
    per_cpu: float | None = None
    busy: float | None = None
    preempted: float | None = None
    idle: float | None = None


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
        preempted: Median share in which something else had its core or the load's.
        idle: Median share in which the load waited for the server.
        rate_ratio: Ours to this contestant's rate; None for ourselves.
        cpu_ratio: The same for messages a second of server CPU time.
        goal: The ratio that is to be reached by rate, or None.
        cpu_goal: The same by CPU time.
    """

    label: str
    rate: float
    per_cpu: float | None
    busy: float | None
    preempted: float | None
    idle: float | None
    rate_ratio: Quartiles | None
    cpu_ratio: Quartiles | None
    goal: float | None
    cpu_goal: float | None

    @property
    def doubtful(self) -> bool:
        """Whether the load was the bottleneck: it hardly ever waited for the server."""
        return self.idle is not None and self.idle < LEAST_IDLE

    @property
    def wanted(self) -> str:
        """The goal, for a table: by rate and by CPU time where these are two."""
        goals = dict.fromkeys(goal for goal in (self.goal, self.cpu_goal) if goal is not None)
        return " / ".join(f"{goal:.2f}" for goal in goals)

    @property
    def verdict(self) -> str:
        """Whether the goal was reached: by which of the two ratios, if not by both."""
        if self.goal is None or self.cpu_goal is None or self.rate_ratio is None:
            return ""
        by_rate = self.rate_ratio.median >= self.goal
        by_cpu = self.cpu_ratio is None or self.cpu_ratio.median >= self.cpu_goal
        if by_rate == by_cpu:
            return "yes" if by_rate else "NO"
        return "rate only" if by_rate else "cpu only"


@dataclass(frozen=True)
class Result:
    """What came of a workload.

    Attributes:
        name: The workload's name.
        title: Its title.
        scores: One for each contestant, ours first.
        capacity: Messages a second that the load could do if it never had to wait, or None.
    """

    name: str
    title: str
    scores: Sequence[Score]
    capacity: float | None = None


@dataclass(frozen=True)
class Size:
    """The memory of an idle AsyncChat beyond the bare socket's.

    Attributes:
        by: How it was counted.
        bytes: How much it is.
        goal: The most that it may be, or None.
    """

    by: str
    bytes: float
    goal: float | None


def score(
    label: str,
    goal: float | None,
    runs: Sequence[Run],
    ours: Sequence[Run],
    cpu_goal: float | None = None,
) -> Score:
    """Sum up one contestant's runs beside ours, round by round.

    Args:
        label: The contestant's name.
        goal: The ratio that is to be reached, or None.
        runs: The contestant's.
        ours: Ours, in the same rounds.
        cpu_goal: The goal by CPU time, if it is another.
    """
    ourselves = runs is ours
    rates = [run.rate for run in runs]
    per_cpu = [run.per_cpu for run in runs]
    return Score(
        label=label,
        rate=statistics.median(rates),
        per_cpu=median(per_cpu),
        busy=median([run.busy for run in runs]),
        preempted=median([run.preempted for run in runs]),
        idle=median([run.idle for run in runs]),
        rate_ratio=None if ourselves else paired([run.rate for run in ours], rates),
        cpu_ratio=None if ourselves else paired([run.per_cpu for run in ours], per_cpu),
        goal=goal,
        cpu_goal=goal if cpu_goal is None else cpu_goal,
    )


def capacity(runs: Sequence[Run]) -> float | None:
    """Return the messages a second that the load could do if it never had to wait."""
    return median([run.rate / (1 - run.idle) for run in runs if run.idle is not None])
