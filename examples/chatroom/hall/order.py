"""The order of happenings, and the decision which names and rooms are granted.

Rule of this file: the protocol, and its simplest implementation: one server, where everything
happens immediately.  A node of a cluster asks the others first; for the hall the only difference is
that answers and happenings may come later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ..people.names import Name
from ..people.sanction import ForgetSanction, SaveSanction
from .happening import Happening
from .holding import Answered
from .members import Member, Words
from .messages import Moment
from .room import Room

if TYPE_CHECKING:
    from .hall import Hall


@dataclass(frozen=True, slots=True)
class Proof:
    """Evidence that a name was this member's before: digests of a secret that it alone has.

    Attributes:
        before: Of the secret that it had last time; empty if it presents none.
        now: Of those with which it can prove that later, separated by blanks; empty if it has none.
    """

    before: str = ""
    now: str = ""


NO_PROOF = Proof()


class Order(Protocol):
    """Gives each happening its place in one order for all."""

    @property
    def caution(self) -> str:
        """A sentence about the order for members that come in; empty if all is well."""

    @property
    def shared(self) -> bool:
        """Whether there are other servers, at which a seat may be that is not known here."""

    @property
    def ready(self) -> bool:
        """Whether the state of the other servers is known, so that members may come in."""

    def start(self) -> None:
        """Start; all parts of the hall and the time are set."""

    def figures(self) -> Mapping[str, object]:
        """Return the state, as plain values for JSON; empty for one server."""

    def submit(self, happening: Happening) -> None:
        """Apply `happening`, immediately or when its turn comes.

        Raises:
            Refused: The queue is full; only speech is refused, other happenings never are.
        """

    def after(self, member: Member, action: Callable[[], None]) -> None:
        """Call `action` when everything that `member` has submitted has taken effect."""

    def claim(self, member: Member, name: Name, proof: Proof, answered: Answered) -> None:
        """Request `name`, which no member known here holds."""

    def prove(self, member: Member) -> None:
        """Use the changed `member.proof` to prove its name from now on."""

    def release(self, member: Member, name: Name) -> None:
        """Release `name`, which `member` had claimed."""

    def make_room(self, name: Name, member: Member, answered: Answered) -> None:
        """Request the room `name`, made by `member`; it exists when the answer is yes."""

    def open(self, room: Room, answered: Answered) -> None:
        """Request what is known of `room`, before a member comes in."""

    def changed(self, member: Member) -> None:
        """Publish a change of `member`: its rooms, its name or its rights, or that it has left."""

    def share(self, write: SaveSanction | ForgetSanction, now: Moment) -> None:
        """Apply to all servers a sanction that is now in force or lifted here."""

    def forget_room(self, room: Room, why: str, now: Moment) -> None:
        """Remove all members from `room`, and delete it."""

    def deserted(self, room: Room, now: Moment) -> None:
        """Handle the exit of `room`'s last member when nothing was said there."""

    def forget_message(self, number: int) -> None:
        """Forget the message with the id `number` at all servers."""

    def dismiss(self, member: Member, farewell: str, reason: str, words: Words | None) -> bool:
        """Dismiss a member that is at another server; return False if it is at this one."""

    def tick(self, now: Moment) -> None:
        """Run periodic work; called about once a second."""

    def close(self) -> None:
        """Prepare for the close of the hall: no member comes in any more, and messages are kept."""


class Alone:
    """The order of one server: everything happens immediately.

    Args:
        hall: The hall.
    """

    def __init__(self, hall: Hall) -> None:
        self.caution = ""
        self.shared = False
        self.ready = True
        self._hall = hall

    def start(self) -> None:
        """Do nothing: there is nothing to load."""

    def figures(self) -> Mapping[str, object]:
        """Return nothing: there are no other servers."""
        return {}

    def submit(self, happening: Happening) -> None:
        """Apply it immediately."""
        self._hall.effects.apply(happening)

    def after(self, member: Member, action: Callable[[], None]) -> None:
        """Call `action` immediately: everything has already taken effect."""
        action()

    def claim(self, member: Member, name: Name, proof: Proof, answered: Answered) -> None:
        """Grant it."""
        answered(None)

    def prove(self, member: Member) -> None:
        """Do nothing: there are no other servers."""

    def release(self, member: Member, name: Name) -> None:
        """Do nothing: there are no other servers."""

    def make_room(self, name: Name, member: Member, answered: Answered) -> None:
        """Make it."""
        self._hall.rooms.make(name, member.key, member.place.sources[-1])
        answered(None)

    def open(self, room: Room, answered: Answered) -> None:
        """Answer yes: everything is known."""
        answered(None)

    def changed(self, member: Member) -> None:
        """Do nothing: there are no other servers."""

    def share(self, write: SaveSanction | ForgetSanction, now: Moment) -> None:
        """Do nothing: there are no other servers."""

    def forget_room(self, room: Room, why: str, now: Moment) -> None:
        """Forget it."""
        self._hall.membership.forget_room(room, why, now)

    def deserted(self, room: Room, now: Moment) -> None:
        """Forget it."""
        self._hall.rooms.drop(room)

    def forget_message(self, number: int) -> None:
        """Forget it."""
        self._hall.archive.forget(number, self._hall.rooms, self._hall.members)

    def dismiss(self, member: Member, farewell: str, reason: str, words: Words | None) -> bool:
        """Return False: all members are here."""
        return False

    def tick(self, now: Moment) -> None:
        """Do nothing: nothing is pending."""

    def close(self) -> None:
        """Do nothing: nothing is pending."""
