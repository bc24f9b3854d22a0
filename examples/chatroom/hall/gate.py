"""Who may still connect: connections counted, in all and for each address, over all doors.

Rule of this file: counting.  Whoever is let in holds a `Place`, which can change hands (a web
connection gives its own to the member it becomes) and is given back exactly once.
"""

from __future__ import annotations

from ..people.addresses import source_of
from ..people.names import Refused
from .limits import Limits


class Place:
    """One connection's place.

    Attributes:
        address: Where the connection comes from.
        source: Whom it counts for, see `source_of`.
    """

    __slots__ = ("_gate", "address", "source")

    def __init__(self, gate: Gate, address: str, source: str) -> None:
        self.address = address
        self.source = source
        self._gate: Gate | None = gate

    def leave(self) -> None:
        """Give the place back; again is harmless."""
        gate, self._gate = self._gate, None
        if gate is not None:
            gate._leave(self.source)


class Gate:
    """Counts connections.

    Args:
        limits: `max_members` and `max_per_address` count here.

    Attributes:
        taken: Places taken in all.
        refused: How often there was none left.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.taken = 0
        self.refused = 0
        self._by_source: dict[str, int] = {}

    def enter(self, address: str) -> Place:
        """Take a place for a connection from `address`.

        Raises:
            Refused: There are too many; nothing was counted.
        """
        source = source_of(address)
        if self.taken >= self._limits.max_members:
            self.refused += 1
            raise Refused("The chat room is full; please try again later.")
        if self._by_source.get(source, 0) >= self._limits.max_per_address:
            self.refused += 1
            raise Refused("There are too many connections from your address.")
        self.taken += 1
        self._by_source[source] = self._by_source.get(source, 0) + 1
        return Place(self, address, source)

    def _leave(self, source: str) -> None:
        self.taken -= 1
        self._by_source[source] -= 1
        if not self._by_source[source]:
            del self._by_source[source]
