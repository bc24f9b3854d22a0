"""The members of this node, as the others know them.

Rule of this file: their numbers, and what the hall's feed has of them.
"""

from __future__ import annotations

from ..hall.members import Member
from .bodies import Profile
from .interface import Full
from .outgoing import Outgoing
from .values import Ref

HALL = "hall"


class Roster:
    """Numbers this node's members, and tells the others of them.

    Args:
        outgoing: The way into the feeds.
        node: This node's name.
        incarnation: This process.

    Attributes:
        behind: Whether the others have to be told all again when the engine is back.
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
        self._unsaid: list[Ref] = []  # have left when no more could wait

    def __len__(self) -> int:
        """Return how many of them have a number."""
        return len(self._numbers)

    @property
    def members(self) -> tuple[Member, ...]:
        """Those that the others know."""
        return tuple(self._numbers)

    def knows(self, member: Member) -> bool:
        """Say whether the others know `member`."""
        return member in self._numbers

    def number(self, member: Member) -> int:
        """Return the number of `member`, given with its first name."""
        if member not in self._numbers:
            self._count += 1
            self._numbers[member] = self._count
            self._members[self._count] = member
        return self._numbers[member]

    def ref(self, member: Member) -> Ref:
        """Return the reference of `member`."""
        return Ref(self.incarnation, self.number(member))

    def find(self, ref: Ref) -> Member | None:
        """Return the member of `ref`, if it is one of this process and still here."""
        return self._members.get(ref.number) if self.is_ours(ref) else None

    def by_number(self, number: int) -> Member | None:
        """Return the member with this number, if it is still here."""
        return self._members.get(number)

    def is_ours(self, ref: Ref) -> bool:
        """Say whether `ref` is of this process."""
        return ref.incarnation == self.incarnation

    def replaces(self, member: Member, ref: Ref) -> None:
        """`member` is the same person as `ref` before."""
        self._replaces[member] = ref

    def profile(self, member: Member) -> Profile:
        """Return `member` as the others are to know it.

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
        """Return the same, after a change."""
        self._versions[member] = self._versions.get(member, 0) + 1
        return self.profile(member)

    def tell(self, member: Member) -> None:
        """Tell the others of `member` as it is now, or that it has left."""
        gone = not member.present
        if member not in self._numbers or (gone and member.rooms):
            return
        if gone:
            ref = self.ref(member)
            self._drop(member)
            self._say_gone(ref)
        elif member.name is not None:  # else it is being asked for, and told when it is there
            self._tell(member)

    def _tell(self, member: Member) -> None:
        ref = self.ref(member)
        body = self.newer(member).body()
        try:
            self._outgoing.send(HALL, body, by=member, state={ref.field: body})
        except Full:
            self.behind = True  # all of it is told again when the engine is back

    def _say_gone(self, ref: Ref) -> None:
        body = {"do": "away", "m": [ref.incarnation, ref.number]}
        try:
            self._outgoing.send(HALL, body, state={ref.field: None})
        except Full:
            self._unsaid.append(ref)
            self.behind = True

    def tell_all(self) -> None:
        """Tell the others all again."""
        for member in self.members:
            self.tell(member)
        unsaid, self._unsaid = self._unsaid, []
        for ref in unsaid:
            self._say_gone(ref)

    def tidy(self) -> None:
        """Drop those who left before they were in any room."""
        for member in self.members:
            if not member.present and not member.rooms:
                self._drop(member)

    def _drop(self, member: Member) -> None:
        del self._members[self._numbers.pop(member)]
        self._versions.pop(member, None)
        self._replaces.pop(member, None)
