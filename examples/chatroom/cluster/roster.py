"""The members of this node, as other nodes know them.

Rule of this file: their numbers, and their entries in the hall's feed.
"""

from __future__ import annotations

from ..hall.members import Member
from .bodies import Profile
from .interface import Full
from .outgoing import Outgoing
from .values import Ref

HALL = "hall"


class Roster:
    """Numbers this node's members, and publishes them.

    Args:
        outgoing: The queue of entries to publish.
        node: This node's name.
        incarnation: This process.

    Attributes:
        behind: Whether everything must be published again when the engine is back.
        incarnation: This process.
    """

    def __init__(self, outgoing: Outgoing, node: str, incarnation: str) -> None:
        self.behind = False
        self._outgoing = outgoing
        self._node = node
        self.incarnation = incarnation
        self._count = 0
        self._numbers: dict[Member, int] = {}
        self._members: dict[int, Member] = {}
        self._versions: dict[Member, int] = {}
        self._replaces: dict[Member, Ref] = {}
        self._unsaid: list[Ref] = []  # members that left when no more entries could be queued

    def __len__(self) -> int:
        """Return how many members have a number."""
        return len(self._numbers)

    @property
    def members(self) -> tuple[Member, ...]:
        """Return the members that other nodes know."""
        return tuple(self._numbers)

    def knows(self, member: Member) -> bool:
        """Return whether other nodes know `member`."""
        return member in self._numbers

    def number(self, member: Member) -> int:
        """Return the number of `member`, assigned with its first name."""
        if member not in self._numbers:
            self._count += 1
            self._numbers[member] = self._count
            self._members[self._count] = member
        return self._numbers[member]

    def ref(self, member: Member) -> Ref:
        """Return the reference of `member`."""
        return Ref(self.incarnation, self.number(member))

    def find(self, ref: Ref) -> Member | None:
        """Return the member of `ref`, if it is of this process and still present."""
        return self._members.get(ref.number) if self.is_ours(ref) else None

    def by_number(self, number: int) -> Member | None:
        """Return the member with this number, if it is still present."""
        return self._members.get(number)

    def is_ours(self, ref: Ref) -> bool:
        """Return whether `ref` is of this process."""
        return ref.incarnation == self.incarnation

    def replaces(self, member: Member, ref: Ref) -> None:
        """Note that `member` is the same person as `ref` before."""
        self._replaces[member] = ref

    def profile(self, member: Member) -> Profile:
        """Return the profile of `member` for other nodes.

        Raises:
            RuntimeError: It has no name.
        """
        if member.name is None:
            raise RuntimeError("This member has no name: log it in first.")
        return Profile(
            self.ref(member),
            member.name,
            member.address,
            self._node,
            member.operator,
            self._versions.get(member, 0),
            tuple(room.name.key for room in member.rooms),
            self._replaces.get(member),
        )

    def newer(self, member: Member) -> Profile:
        """Return the profile with a new version, after a change."""
        self._versions[member] = self._versions.get(member, 0) + 1
        return self.profile(member)

    def tell(self, member: Member) -> None:
        """Publish `member` as it is now, or that it has left."""
        gone = not member.present
        if member not in self._numbers or (gone and member.rooms):
            return
        if gone:
            ref = self.ref(member)
            self._drop(member)
            self._say_gone(ref)
        elif member.name is not None:  # else its name is still being claimed
            self._tell(member)

    def _tell(self, member: Member) -> None:
        ref = self.ref(member)
        body = self.newer(member).body()
        try:
            self._outgoing.send(HALL, body, by=member, state={ref.field: body})
        except Full:
            self.behind = True  # everything is published again when the engine is back

    def _say_gone(self, ref: Ref) -> None:
        body = {"do": "away", "m": [ref.incarnation, ref.number]}
        try:
            self._outgoing.send(HALL, body, state={ref.field: None})
        except Full:
            self._unsaid.append(ref)
            self.behind = True

    def tell_all(self) -> None:
        """Publish all members again."""
        for member in self.members:
            self.tell(member)
        unsaid, self._unsaid = self._unsaid, []
        for ref in unsaid:
            self._say_gone(ref)

    def tidy(self) -> None:
        """Drop members that left before they were in any room."""
        for member in self.members:
            if not member.present and not member.rooms:
                self._drop(member)

    def _drop(self, member: Member) -> None:
        del self._members[self._numbers.pop(member)]
        self._versions.pop(member, None)
        self._replaces.pop(member, None)
