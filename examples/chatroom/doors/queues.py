"""The output that is queued at a door.

Rule of this file: numbers for the server's status.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(slots=True)
class Queues:
    """What waits to be sent, at one door.

    Attributes:
        connections: How many connections there are.
        waiting: Bytes that wait for all of them.
        largest: Bytes that wait for the one that reads slowest.
    """

    connections: int = 0
    waiting: int = 0
    largest: int = 0

    @classmethod
    def of(cls, sizes: Iterable[int]) -> Queues:
        """Sum up the queues of one door; `sizes` in bytes."""
        known = list(sizes)
        return cls(len(known), sum(known), max(known, default=0))

    @classmethod
    def from_figures(cls, figures: Mapping[str, int]) -> Queues:
        """Take what the web door says of itself."""
        return cls(figures["connections"], figures["output_queued"], figures["output_largest"])
