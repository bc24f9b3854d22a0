"""At what the servers are compared: how many connections, and what these do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .contestants import Contestant

SIZES = (1, 10, 100, 1_000, 5_000)
ACTIVE, IDLE, BURSTS = "active", "idle", "bursts"
BURST_LINES, BURST_CONNECTIONS = 256, 4


@dataclass(frozen=True)
class Case:
    """A number of connections and what they do, one after the other.

    Attributes:
        connections: How many are open.
        shapes: "active": all of them talk. "idle": one talks, the others are silent. "bursts": all
            talk, and send many lines at once.
    """

    connections: int
    shapes: tuple[str, ...]


class Trial(NamedTuple):
    """One contestant at one case in one round; rounds count from 1."""

    number: int
    case: Case
    contestant: Contestant


def talkers(shape: str, connections: int) -> int:
    """Return how many of the connections talk."""
    return 1 if shape == IDLE else connections


def lines_at_once(shape: str) -> int:
    """Return how many lines a message has."""
    return BURST_LINES if shape == BURSTS else 1


def cases(sizes: Sequence[int] = SIZES) -> list[Case]:
    """Return the cases: each size, and bursts. One connection cannot be idle beside itself."""
    by_size = [Case(size, (IDLE, ACTIVE) if size > 1 else (ACTIVE,)) for size in sizes]
    return [*by_size, Case(BURST_CONNECTIONS, (BURSTS,))]


def trials(
    cases: Sequence[Case], contestants: Sequence[Contestant], rounds: int
) -> Iterator[Trial]:
    """Yield all trials, round by round; in each, another contestant comes first."""
    for number in range(1, rounds + 1):
        for case in cases:
            shift = (number - 1) % len(contestants)
            for contestant in [*contestants[shift:], *contestants[:shift]]:
                yield Trial(number, case, contestant)


def weight(case: Case, seconds: float) -> float:
    """Return about how long a trial takes, in seconds: only good for saying how far we are."""
    return 0.4 + 1.3 * seconds * len(case.shapes) + 0.0008 * case.connections
