"""A connection that has just come, and whether it has a place.

Rule of this file: values, and the one question to the gate.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..hall.gate import Gate, Place
from ..people.names import Refused


@dataclass(frozen=True, slots=True)
class Arrival:
    """What is known of a connection.

    Attributes:
        address: Where it comes from.
        place: Its place in the hall; None if it has none.
        refusal: Why it has none, as a sentence; empty if that was not asked.
        unknown: Whether the address is a proxy's, and the client's is still to be told.
    """

    address: str
    place: Place | None = None
    refusal: str = ""
    unknown: bool = False


def arrive(gate: Gate, address: str) -> Arrival:
    """Take a place for a connection from `address`, if there is one."""
    try:
        return Arrival(address, gate.enter(address))
    except Refused as refusal:
        return Arrival(address, None, str(refusal))
