"""A new connection, and whether it has a place.

Rule of this file: values, and the one call to the gate.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..hall.gate import Gate, Place
from ..people.names import Refused


@dataclass(frozen=True, slots=True)
class Arrival:
    """What is known of a new connection.

    Attributes:
        address: The client's address.
        place: Its place in the hall; None if it has none.
        refusal: A sentence with the reason if it has none; empty if no place was requested.
        unknown: Whether the address is a proxy's and the client's address is not known yet.
    """

    address: str
    place: Place | None = None
    refusal: str = ""
    unknown: bool = False


def arrive(gate: Gate, address: str) -> Arrival:
    """Take a place for a connection from `address`, if one is free."""
    try:
        return Arrival(address, gate.enter(address))
    except Refused as refusal:
        return Arrival(address, None, str(refusal))
