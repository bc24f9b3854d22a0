"""What one member was shown, and whether it is a part of the rooms' messages."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field


@dataclass
class Visit:
    """A stay in one room, or with a browser several consecutive stays without a gap.

    Attributes:
        room: The room's shown name.
        tokens: The tokens shown, in order.
        people: The members in the room, as shown.
        last: The id of the last message, where the door shows ids.
    """

    room: str
    tokens: list[str] = field(default_factory=list)
    people: set[str] = field(default_factory=set)
    last: int = 0


@dataclass
class Seen:
    """Everything that one member was shown.

    Attributes:
        visits: Its stays.
        rooms: The stays that continue.
        whispers: The tokens of whispers.
        notices: The server's messages to it.
        ids: The messages' ids, where the door shows them, by their tokens.
        forgotten: The ids that the door was told to remove.
        name: Its present name.
        partial: Whether its door hides facts that lists of people need.
    """

    visits: list[Visit] = field(default_factory=list)
    rooms: dict[str, Visit] = field(default_factory=dict)
    whispers: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    ids: dict[str, int] = field(default_factory=dict)
    forgotten: set[int] = field(default_factory=set)
    name: str = ""
    partial: bool = False

    def enter(self, room: str, people: Collection[str]) -> Visit:
        """Handle a view of a room, first or repeated."""
        visit = self.rooms.get(room)
        if visit is None:
            visit = self.rooms[room] = Visit(room)
            self.visits.append(visit)
        visit.people = {*people}
        return visit

    def renamed(self, room: str, old: str, new: str) -> None:
        """Handle a new name of a member of a room."""
        if room in self.rooms and old in self.rooms[room].people:
            people = self.rooms[room].people
            people.discard(old)
            people.add(new)
        if old == self.name:
            self.name = new


def check_piece(visit: Visit, truths: Sequence[Sequence[str]], gone: set[str]) -> None:
    """Check that a visit is a contiguous part of the messages of one of the rooms with that name.

    Args:
        visit: The visit.
        truths: The messages of each of those.
        gone: The tokens that were forgotten; they may be missing.
    """
    tokens = [token for token in visit.tokens if token not in gone]
    assert len(set(visit.tokens)) == len(visit.tokens), f"shown twice in {visit}"
    if not tokens:
        return
    told = [[token for token in truth if token not in gone] for truth in truths]
    found = [truth for truth in told if _is_piece(tokens, truth)]
    assert found, f"in {visit.room}: {tokens} is no piece of any of {told}"


def _is_piece(tokens: list[str], truth: list[str]) -> bool:
    if tokens[0] not in truth:
        return False
    start = truth.index(tokens[0])
    return truth[start : start + len(tokens)] == tokens
