"""Members at other nodes: in the hall they are members like any others.

Rule of this file: the set of them, and their names; the feeds' readers apply their actions.

Two feeds report a member: the hall's, and that of each room it is in.  Either may be ahead,
so what is known of a member has a version, and an older version changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ..hall.flood import FloodGuard
from ..hall.gate import Gate, Place
from ..hall.hall import Hall
from ..hall.members import Member
from ..hall.messages import LAST_WORDS, Event, Message
from ..hall.naming import follow
from ..people.addresses import sources_of
from ..people.names import Name
from .bodies import Profile
from .values import Ref

Send = Callable[["Distant", Message], None]


@dataclass(eq=False)
class Courier:
    """The outlet of a member elsewhere: only events for it alone are sent.

    Its own node knows the events of rooms and of all members by itself.
    """

    send: Callable[[Message], None]

    def deliver(self, event: Event) -> None:
        """Send `event` if it is for this member alone."""
        personal = isinstance(event, Message) and not event.room and event.kind not in LAST_WORDS
        if isinstance(event, Message) and personal:
            self.send(event)


@dataclass(eq=False)
class Distant:
    """What this node knows of a member at another node.

    Attributes:
        ref: Its reference.
        node: Its node.
        member: Its object in the hall.
        version: The version of what is known.
        listed: The keys of its rooms, by the hall's feed.
        met: Whether the hall's feed lists it. A room's feed alone may be behind, so a
            member listed only there holds no name, and is removed when it is in no room.
    """

    ref: Ref
    node: str
    member: Member
    version: int = -1
    listed: set[str] = field(default_factory=set)
    met: bool = False


class Elsewhere:
    """All members at other nodes.

    Args:
        hall: The hall that has them as members, too.
        send: Sends a message to one of them.
    """

    def __init__(self, hall: Hall, send: Send) -> None:
        self._hall = hall
        self._send = send
        self._known: dict[Ref, Distant] = {}
        self._by_member: dict[Member, Distant] = {}
        self._crowded = False  # two members have one name: one of them will lose it

    def __len__(self) -> int:
        """Return how many members there are."""
        return len(self._known)

    def __iter__(self) -> Iterator[Distant]:
        """Iterate over them."""
        return iter(tuple(self._known.values()))

    def find(self, ref: Ref) -> Distant | None:
        """Return the member with this reference."""
        return self._known.get(ref)

    def of(self, member: Member) -> Distant | None:
        """Return what is known of `member`; None if it is at this node."""
        return self._by_member.get(member)

    def learn(self, profile: Profile) -> Distant:
        """Return the member of `profile`, in that version or a newer one."""
        distant = self._known.get(profile.ref) or self._new(profile)
        if profile.version > distant.version:
            distant.version = profile.version
            distant.member.operator = profile.operator
            self._name(distant, profile.name)
        return distant

    def meet(self, profile: Profile) -> Distant:
        """Return the same for a member that the hall's feed lists, possibly again."""
        distant = self.learn(profile)
        if not distant.met:
            distant.met = True
            self._hold(distant.member, distant.member.name)
        return distant

    def leave(self, distant: Distant) -> None:
        """Free the name of a member that has left by the hall's feed."""
        distant.met = False
        self._hall.names.release(distant.member)
        self.tidy(distant)
        if self._crowded:
            self.settle_names()

    def tidy(self, distant: Distant) -> None:
        """Remove a member that has left, and is in no room any more."""
        member = distant.member
        if distant.met or member.rooms or self._known.pop(distant.ref, None) is None:
            return
        del self._by_member[member]
        member.present = member.reachable = False
        for other in self._hall.members:
            other.shunned.pop(member, None)

    def ghost(self, profile: Profile) -> Member:
        """Return a placeholder for the author of an event that is not known now."""
        member = _member(self._hall, profile)
        member.name, member.operator = profile.name, profile.operator
        member.present = member.reachable = False
        return member

    def settle_names(self) -> None:
        """Register names that belonged to other members before."""
        self._crowded = False
        for distant in self:
            if distant.met:
                self._hold(distant.member, distant.member.name)

    def _new(self, profile: Profile) -> Distant:
        member = _member(self._hall, profile)
        distant = Distant(profile.ref, profile.node, member)
        member.outlet = Courier(lambda message: self._send(distant, message))
        self._known[profile.ref] = self._by_member[member] = distant
        return distant

    def _name(self, distant: Distant, name: Name) -> None:
        member, old = distant.member, distant.member.name
        if old == name:
            return
        self._hall.names.release(member)
        member.name = name
        if distant.met:
            self._hold(member, name)
        if old is not None:
            follow(member, old, self._hall.members)
        if self._crowded:
            self.settle_names()

    def _hold(self, member: Member, name: Name | None) -> None:
        if name is None:
            return
        holder = self._hall.names.holder(name)
        self._crowded |= holder not in (None, member)
        if holder is None or (holder.node and holder is not member):
            self._hall.names.claim(member, name)


def _member(hall: Hall, profile: Profile) -> Member:
    sources = sources_of(profile.address)
    place = Place(Gate(hall.limits), profile.address, sources)  # counted at its own node
    guard = FloodGuard(hall.limits, hall.last_tick.mono)
    nowhere = Courier(lambda message: None)
    return Member(nowhere, place, guard, hall.last_tick.mono, node=profile.node)
