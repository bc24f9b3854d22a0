"""From the runs of all rounds to one row for each server and case; arithmetic only."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from examples.bench.allocator import Allocator
from examples.bench.stats import quartiles

from .contestants import CEILING
from .trial import Failure, Run

BUSY = 0.9  # above this share of its core the load may have been what was measured
NEAR = 0.9  # above this share of the load's ceiling too
DIFFERENT = 0.1  # CPU times further apart than this share are not noise
MEDIANS = (
    "rate",
    "median",
    "p99",
    "cpu",
    "busy",
    "load",
    "memory",
    "each",
    "rss",
    "processes",
    "threads",
)

Place = tuple[str, int]  # the shape and the number of connections


@dataclass(frozen=True)
class Figure:
    """What one server did at one case: medians of its rounds, in the units of a `Run`.

    Attributes:
        label: The contestant's.
        shape: What the connections did.
        connections: How many were open.
        rounds: How many rounds there were.
        rate: Lines that came back in a second.
        low: The first quartile of the rate.
        high: Its third quartile.
        median: Half of the messages were answered in this time.
        p99: 99 of 100 messages were.
        cpu: Server's CPU time for one line.
        busy: The server's share of a core.
        load: The share of the time in which the load did not wait.
        ceiling: The lines that the load could exchange in a second here, 0 if that is not known.
        memory: Proportional set size of all its processes.
        each: What of that one connection brought.
        rss: Sum of resident set sizes.
        processes: How many processes.
        threads: How many threads.
        allocator: The settings of its allocator.
    """

    label: str
    shape: str
    connections: int
    rounds: int
    rate: float
    low: float
    high: float
    median: float
    p99: float
    cpu: float
    busy: float
    load: float
    ceiling: float
    memory: float
    each: float
    rss: float
    processes: float
    threads: float
    allocator: str = "raised"

    @property
    def spread(self) -> float:
        """Half the distance between the rate's quartiles, as a share of the rate."""
        return (self.high - self.low) / 2 / self.rate

    @property
    def doubtful(self) -> bool:
        """Whether the rate may be the load's and not the server's."""
        return self.load > BUSY or (self.ceiling > 0 and self.rate > NEAR * self.ceiling)


def figures(runs: Iterable[Run]) -> list[Figure]:
    """Sum up the runs, in the order in which servers and cases appear first."""
    groups: dict[tuple[str, str, Place], list[Run]] = {}
    for run in runs:
        place = (run.shape, run.connections)
        groups.setdefault((run.label, run.allocator, place), []).append(run)
    limits = {
        place: ceiling(group)
        for (label, _, place), group in groups.items()
        if label == CEILING.label
    }
    return [
        figure(group, limits) for (label, *_), group in groups.items() if label != CEILING.label
    ]


def ceiling(runs: Sequence[Run]) -> float:
    """Return how many lines a second the load could exchange if it never had to wait."""
    return statistics.median(run.rate / run.load for run in runs)


def figure(group: Sequence[Run], limits: Mapping[Place, float]) -> Figure:
    """Sum up one server's rounds at one case."""
    first = group[0]
    rate = quartiles([run.rate for run in group])
    medians = {name: statistics.median(getattr(run, name) for run in group) for name in MEDIANS}
    return Figure(
        label=first.label,
        shape=first.shape,
        connections=first.connections,
        rounds=len(group),
        low=rate.low,
        high=rate.high,
        ceiling=limits.get((first.shape, first.connections), 0.0),
        allocator=first.allocator,
        **medians,
    )


def applies(failure: Failure, shape: str, connections: int) -> bool:
    """Tell whether this failure explains a gap here; what ended before any shape explains all."""
    return failure.connections == connections and failure.shape in ("", shape)


def main_ones(figures: Sequence[Figure]) -> list[Figure]:
    """Return the figures of the setting that all servers have: what tables and plots show."""
    main = main_allocator(figures)
    return [each for each in figures if each.allocator == main]


def main_allocator(figures: Iterable[Figure]) -> str:
    """Return the setting of the allocator that all servers have: the raised one, if it was used."""
    used = {each.allocator for each in figures}
    return Allocator.RAISED if Allocator.RAISED in used else Allocator.SYSTEM


def differing(figures: Sequence[Figure]) -> list[tuple[Figure, Figure]]:
    """Return the figures that are others under the system's own allocator settings.

    Returns:
        Pairs of a figure under the raised settings and its counterpart under the system's, whose
        CPU times differ by more than a tenth.
    """
    raised = {place_of(each): each for each in figures if each.allocator == Allocator.RAISED}
    system = {place_of(each): each for each in figures if each.allocator == Allocator.SYSTEM}
    pairs = [(raised[place], system[place]) for place in raised if place in system]
    return [(one, other) for one, other in pairs if abs(other.cpu / one.cpu - 1) > DIFFERENT]


def place_of(figure: Figure) -> tuple[str, str, int]:
    """Return whose figure it is, and of which case."""
    return figure.label, figure.shape, figure.connections
