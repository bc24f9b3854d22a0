"""What a network may do to a program, how often, and who decides.

Every choice of a simulated network is made here, by one ``random.Random``: the same seed makes the
same choices.  A choice of probability 0 asks nobody, so a network without faults has few decisions.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Faults:
    """How rough a simulated network is.

    The defaults are rough without doing harm: everything arrives in the end, once and in order, as
    TCP promises.  Probabilities are numbers from 0 to 1.

    Attributes:
        latency: shortest and longest time in seconds that a piece, a connect, a reset or the
            peer's end is on its way.
        split: that a piece which could travel whole is cut in two at any place.
        partial_send: that ``send()`` takes a part although there is room for all.
        spurious: that a ``select()`` reports a connection on which nothing can be done.
        shuffle: that what is ready is reported in any order, and perhaps not all of it at once.
        buffers: smallest and largest size in bytes of a socket's two buffers; each connection
            gets its own.
        reset: that a piece on its way meets a reset of its connection instead.
        accept_error: that ``accept()`` fails: no descriptors, no memory, a lost connection.
        datagram_lost: that a datagram does not arrive.
        datagram_doubled: that it arrives twice.
    """

    latency: tuple[float, float] = (0.0001, 0.05)
    split: float = 0.5
    partial_send: float = 0.1
    spurious: float = 0.02
    shuffle: float = 0.5
    buffers: tuple[int, int] = (1024, 65536)
    reset: float = 0.0
    accept_error: float = 0.0
    datagram_lost: float = 0.0
    datagram_doubled: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        _check_range("latency", self.latency, 0)
        _check_range("buffers", self.buffers, 1)
        for name in ("split", "partial_send", "spurious", "shuffle", "reset", "accept_error",
                     "datagram_lost", "datagram_doubled"):  # fmt: skip
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is a probability, from 0 to 1: {getattr(self, name)!r}")


def _check_range(name: str, pair: tuple[float, float], least: float) -> None:
    low, high = pair
    if not least <= low <= high:
        raise ValueError(f"{name} is (smallest, largest), from {least} on: {pair!r}")


GENTLE = Faults(
    latency=(0.001, 0.001), split=0, partial_send=0, spurious=0, shuffle=0, buffers=(65536, 65536)
)
"""A network on which everything goes well: each piece arrives whole after a millisecond."""

HARSH = Faults(
    latency=(0.0, 2.0), split=0.9, partial_send=0.5, spurious=0.1, shuffle=1.0, buffers=(16, 4096),
    reset=0.01, accept_error=0.1, datagram_lost=0.1, datagram_doubled=0.1,
)  # fmt: skip
"""A bad day: connections break, too."""


class Choices:
    """Decides.

    Args:
        source: a seed, or any ``random.Random``, such as one made by hypothesis.
        faults: how often what happens.
    """

    def __init__(self, source: int | random.Random, faults: Faults) -> None:
        """Begin at the source's beginning."""
        self.faults = faults
        self.random = random.Random(source) if isinstance(source, int) else source
        self._number = self.random.random

    def chance(self, probability: float) -> bool:
        """Return True that often.  Low numbers mean no: hypothesis shrinks towards them."""
        return bool(probability) and self._number() >= 1 - probability

    def between(self, low: int, high: int) -> int:
        """Return an int from ``low`` to ``high``, both included."""
        return low + int(self._number() * (high - low + 1)) if high > low else low

    def pick(self, things: Sequence[Any]) -> Any:
        """Return one of ``things``."""
        return things[self.between(0, len(things) - 1)]

    def delay(self) -> float:
        """Return the seconds until something arrives."""
        low, high = self.faults.latency
        return low + self._number() * (high - low) if high > low else low

    def buffer(self) -> int:
        """Return the size of a buffer, as often small as large: of any order of magnitude."""
        low, high = self.faults.buffers
        return int(low * (high / low) ** self._number()) if high > low else low

    def part(self, size: int, probability: float) -> int:
        """Return ``size``, or with this probability anything from 1 to ``size``."""
        return self.between(1, size) if size > 1 and self.chance(probability) else size

    def order(self, things: list[Any]) -> list[Any]:
        """Return some of ``things`` in some order, at least one."""
        if len(things) > 1 and self.chance(self.faults.shuffle):
            things = sorted(things, key=lambda _: self._number())
            return things[: self.between(1, len(things))]
        return things
