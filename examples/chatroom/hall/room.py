"""One room: its members, its last messages, and its view for a member that comes in.

Rule of this file: the room's own state; the hall decides on changes and notifies members.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..people.names import Name, check_name, fold
from .history import SaveRoom
from .members import Member
from .messages import Message, RoomEntry, RoomView

LOBBY = check_name("lobby", 5)


@dataclass(eq=False, slots=True)
class Room:
    """A room.

    Attributes:
        name: Its name.
        tail: The last messages, the oldest first; its `maxlen` bounds it.
        members: The members, in the order in which they came.
        topic: Its topic.
        topic_by: The key of the name of the member that set it; empty if that was before the start.
        lock: The salted hash of the key of a closed room; empty for an open room.
        founder: The key of the founder's name.
        origin: The founder's widest source, see `sources_of`; empty if the room was made before the
            start, as addresses are not stored.
        saved: Whether it is in the store: something was said or set, and it outlives its members.
        used: When it was last used, in seconds since the epoch.
        spoken: When the last message since the start was said, in seconds since the epoch.
        newest: The id of the last message; 0 if there is none.
    """

    name: Name
    tail: deque[Message]
    members: dict[Member, None] = field(default_factory=dict)
    topic: str = ""
    topic_by: str = ""
    lock: str = ""
    founder: str = ""
    origin: str = ""
    saved: bool = False
    used: float = 0.0
    spoken: float = 0.0
    newest: int = 0

    def own(self) -> Iterator[Member]:
        """Iterate over its members at this server."""
        return (member for member in self.members if not member.node)

    def record(self) -> SaveRoom:
        """Return its record for the store; from here on it counts as stored."""
        self.saved = True
        return SaveRoom(self.name.key, self.name.shown, self.topic, self.lock, self.founder)

    def topic_for(self, member: Member) -> str:
        """Return its topic; empty if `member` ignores the member that set it."""
        return "" if member.ignores(self.topic_by) else self.topic

    def view(self, member: Member) -> RoomView:
        """Return `member`'s view of it, without messages."""
        people = tuple(each.person for each in self.members)
        return RoomView(self.name.shown, self.topic_for(member), bool(self.lock), people)

    def entry(self, member: Member) -> RoomEntry:
        """Return its line in the list of rooms for `member`."""
        topic = "" if self.lock and member not in self.members else self.topic_for(member)
        return RoomEntry(self.name.shown, len(self.members), topic, bool(self.lock))

    def recent(self, member: Member, count: int) -> tuple[tuple[Message, ...], bool]:
        """Return the last `count` messages that `member` may see, and whether there are older ones.

        True may turn out to be wrong when older ones are requested, False never does.
        """
        wanted = [each for each in self.tail if not member.ignores(fold(each.sender))]
        cut = len(wanted) > count or len(self.tail) == self.tail.maxlen
        return tuple(wanted[len(wanted) - min(count, len(wanted)) :]), cut


def here(member: Member) -> Room:
    """Return the room to which a line of a logged-in `member` goes."""
    if member.room is None:
        raise RuntimeError("This member is in no room: log it in first.")
    return member.room
