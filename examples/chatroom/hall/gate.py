"""Counts the connections, in total and for each address, over all doors.

Rule of this file: counting.  Each accepted connection holds a `Place`, which is given back exactly
once.  A browser takes one with its seat: its other requests are not counted here.
"""

from __future__ import annotations

from collections import Counter

from ..people.addresses import sources_of
from ..people.names import Refused
from .limits import Limits


class Full(Refused):
    """No place is free at the moment."""


class Place:
    """One connection's place.

    Attributes:
        address: The client's address.
        sources: The sources for which it counts, see `sources_of`.
    """

    __slots__ = ("_gate", "address", "sources")

    def __init__(self, gate: Gate, address: str, sources: tuple[str, ...]) -> None:
        self.address = address
        self.sources = sources
        self._gate: Gate | None = gate

    @property
    def source(self) -> str:
        """The narrowest of `sources`."""
        return self.sources[0]

    def move(self, address: str) -> None:
        """Count the place for `address` from now on: its holder has a new connection from there.

        Raises:
            Full: There are too many from there; the place still counts for the old address.
        """
        sources = sources_of(address)
        if self._gate is not None:
            self._gate._move(self.sources, sources)
        self.address, self.sources = address, sources

    def leave(self) -> None:
        """Give the place back; safe to call again."""
        gate, self._gate = self._gate, None
        if gate is not None:
            gate._count(self.sources, -1)


class Gate:
    """Counts connections.

    Args:
        limits: `max_members`, `max_per_address` and `max_per_site` apply here.

    Attributes:
        taken: The number of places in use.
        refused: How often no place was free.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.taken = 0
        self.refused = 0
        self._by_source: Counter[str] = Counter()

    def enter(self, address: str) -> Place:
        """Take a place for a connection from `address`.

        Raises:
            Full: There are too many; nothing was counted.
        """
        sources = sources_of(address)
        self._check(sources)
        self._count(sources, 1)
        return Place(self, address, sources)

    def _check(self, sources: tuple[str, ...]) -> None:
        if self.taken >= self._limits.max_members:
            self.refused += 1
            raise Full("The chat room is full; please try again later.")
        most = self._limits.max_per_address, self._limits.max_per_site
        counted = zip(sources, most, strict=False)
        if any(self._by_source[source] >= bound for source, bound in counted):
            self.refused += 1
            raise Full("There are too many connections from your address.")

    def _move(self, old: tuple[str, ...], new: tuple[str, ...]) -> None:
        self._count(old, -1)
        try:
            self._check(new)
        except Full:
            self._count(old, 1)
            raise
        self._count(new, 1)

    def _count(self, sources: tuple[str, ...], step: int) -> None:
        self.taken += step
        for source in sources:
            self._by_source[source] += step
            if not self._by_source[source]:
                del self._by_source[source]
