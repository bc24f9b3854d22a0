"""One room: who is in it, what was said there last, and how one sees it who comes in.

Rule of this file: the room's own state; who may change it, and who is told, is the hall's business.
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
        tail: What was said last, the oldest first; its `maxlen` bounds it.
        members: The people in it, in the order they came.
        topic: Its topic.
        topic_by: The key of the name of who set it; empty if that was before the start.
        lock: The salted hash of the key that opens it; empty for an open room.
        founder: The key of the name of who made it.
        origin: The source that it was made from, see `sources_of`: the widest; empty if that was
            before the start, as addresses are not stored.
        saved: Whether the store knows it: something was said, or set, and it outlives its people.
        used: When it was last used, in seconds since the epoch.
        spoken: When something was last said there since the start, in the same seconds.
        newest: The id of what was said last; 0 if nothing was.
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
        """Go through those of its members that are at this server."""
        return (member for member in self.members if not member.node)

    def record(self) -> SaveRoom:
        """Return what must be stored of it; it counts as stored from here on."""
        self.saved = True
        return SaveRoom(self.name.key, self.name.shown, self.topic, self.lock, self.founder)

    def topic_for(self, member: Member) -> str:
        """Return its topic; empty for `member` if that ignores who has set it."""
        return "" if member.ignores(self.topic_by) else self.topic

    def view(self, member: Member) -> RoomView:
        """Return what `member` sees of it now, but for what was said."""
        people = tuple(each.person for each in self.members)
        return RoomView(self.name.shown, self.topic_for(member), bool(self.lock), people)

    def entry(self, member: Member) -> RoomEntry:
        """Return its line in the list of rooms, as `member` may see it."""
        topic = "" if self.lock and member not in self.members else self.topic_for(member)
        return RoomEntry(self.name.shown, len(self.members), topic, bool(self.lock))

    def recent(self, member: Member, count: int) -> tuple[tuple[Message, ...], bool]:
        """Return the last `count` messages that `member` wants to see; are there older ones?

        "Yes" may turn out to be wrong when somebody asks for them, "no" may not.
        """
        wanted = [each for each in self.tail if not member.ignores(fold(each.sender))]
        cut = len(wanted) > count or len(self.tail) == self.tail.maxlen
        return tuple(wanted[len(wanted) - min(count, len(wanted)) :]), cut


def here(member: Member) -> Room:
    """Return the room that a line of a logged-in `member` goes to."""
    if member.room is None:
        raise RuntimeError("This member is in no room: log it in first.")
    return member.room
