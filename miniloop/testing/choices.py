"""The choices of a simulated network: all random numbers are drawn here.

They come from one ``random.Random``, so the same seed makes the same choices.  A choice of
probability 0 draws no number, so a network without faults has few choices.
"""

import random
from collections.abc import Sequence
from typing import Any

from miniloop.testing.faults import Faults


class Choices:
    """Makes the choices of one network.

    Args:
        seed: a number, or a ``random.Random`` to draw from, such as one made by hypothesis.
        faults: the probabilities and ranges.
    """

    def __init__(self, seed: int | random.Random, faults: Faults) -> None:
        """Start at the beginning of the source."""
        self.seed = seed
        self.faults = faults
        self.random = random.Random(seed) if isinstance(seed, int) else seed
        self._number = self.random.random

    def constructor(self) -> str:
        """Return the call that makes a network with the same choices."""
        return f"SimulatedNetwork(seed={self.seed!r}, faults={self.faults!r})"

    def note_seed(self, failure: BaseException) -> None:
        """Add a note to an exception that says how to repeat the run; once."""
        note = f"the same run again: {self.constructor()}; add log=print to see what happens when"
        if note not in getattr(failure, "__notes__", ()):
            failure.add_note(note)

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
        """Return a latency in seconds."""
        low, high = self.faults.latency
        return low + self._number() * (high - low) if high > low else low

    def buffer(self) -> int:
        """Return the size of a buffer in bytes; each order of magnitude is as likely."""
        low, high = self.faults.buffers
        return int(low * (high / low) ** self._number()) if high > low else low

    def part(self, size: int, probability: float) -> int:
        """Return ``size``, or with this probability any number from 1 to ``size``."""
        return self.between(1, size) if size > 1 and self.chance(probability) else size

    def order(self, things: list[Any]) -> list[Any]:
        """Return some of ``things`` in some order, at least one."""
        if len(things) > 1 and self.chance(self.faults.shuffle):
            things = sorted(things, key=lambda _: self._number())
            return things[: self.between(1, len(things))]
        return things
