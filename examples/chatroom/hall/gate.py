"""Who may still connect: connections counted, in all and for each address, over all doors.

Rule of this file: counting.  Whoever is let in holds a `Place`, which can change hands (a web
connection gives its own to the member it becomes) and is given back exactly once.
"""

from __future__ import annotations

from collections import Counter

from ..people.addresses import sources_of
from ..people.names import Refused
from .limits import Limits


class Place:
    """One connection's place.

    Attributes:
        address: Where the connection comes from.
        sources: Whom it counts for, see `sources_of`.
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

    def leave(self) -> None:
        """Give the place back; again is harmless."""
        gate, self._gate = self._gate, None
        if gate is not None:
            gate._leave(self.sources)


class Gate:
    """Counts connections.

    Args:
        limits: `max_members`, `max_per_address` and `max_per_site` count here.

    Attributes:
        taken: Places taken in all.
        refused: How often there was none left.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.taken = 0
        self.refused = 0
        self._by_source: Counter[str] = Counter()

    def enter(self, address: str) -> Place:
        """Take a place for a connection from `address`.

        Raises:
            Refused: There are too many; nothing was counted.
        """
        sources = sources_of(address)
        if self.taken >= self._limits.max_members:
            self.refused += 1
            raise Refused("The chat room is full; please try again later.")
        most = self._limits.max_per_address, self._limits.max_per_site
        counted = zip(sources, most, strict=False)
        if any(self._by_source[source] >= bound for source, bound in counted):
            self.refused += 1
            raise Refused("There are too many connections from your address.")
        self.taken += 1
        self._by_source.update(sources)
        return Place(self, address, sources)

    def _leave(self, sources: tuple[str, ...]) -> None:
        self.taken -= 1
        for source in sources:
            self._by_source[source] -= 1
            if not self._by_source[source]:
                del self._by_source[source]
