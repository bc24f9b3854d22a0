"""The output queued at a door.

Rule of this file: numbers for the server's status.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(slots=True)
class Queues:
    """The output queued at one door.

    Attributes:
        connections: The number of connections.
        waiting: Bytes queued for all of them.
        largest: Bytes queued for the slowest reader.
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
        """Return the queues that the web door's `figures` describe."""
        return cls(figures["connections"], figures["output_queued"], figures["output_largest"])
