"""Who decides in which order things happen, and what may be had: names, rooms.

Rule of this file: the protocol, and its simplest keeper: one server, where everything happens at
once.  A server that is one of many asks the others first; the hall sees no difference but that
answers, and what happens, may come later.
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
    """What shows that a name was this member's before: digests of a secret that it alone has.

    Attributes:
        before: Of the secret that it had when it was last here; empty if it shows none.
        now: Of those by which it can show that later, with blanks between; empty if it has none.
    """

    before: str = ""
    now: str = ""


NO_PROOF = Proof()


class Order(Protocol):
    """Gives everything its place in one order for all."""

    @property
    def caution(self) -> str:
        """What those who come in must know of it, as a sentence; empty if all is well."""

    @property
    def shared(self) -> bool:
        """Whether there are other servers, where a seat may be that is not known here."""

    @property
    def ready(self) -> bool:
        """Whether it knows what the others know: who comes in now finds all of it."""

    def start(self) -> None:
        """The hall has all its parts and the time: begin."""

    def figures(self) -> Mapping[str, object]:
        """Return how it is, as plain values for JSON; nothing for one server."""

    def submit(self, happening: Happening) -> None:
        """Let `happening` take effect, at once or when its turn comes.

        Raises:
            Refused: Nothing more can wait; of what is said alone, the rest is never refused.
        """

    def after(self, member: Member, action: Callable[[], None]) -> None:
        """Call `action` when all that `member` has submitted until now took effect."""

    def claim(self, member: Member, name: Name, proof: Proof, answered: Answered) -> None:
        """Ask for `name`, which nobody known here holds."""

    def prove(self, member: Member) -> None:
        """`member.proof` has changed: its name is proven by that from now on."""

    def release(self, member: Member, name: Name) -> None:
        """`member` has given back `name`, which it had claimed."""

    def make_room(self, name: Name, member: Member, answered: Answered) -> None:
        """Ask for the room `name`, made by `member`; it is there when the answer is yes."""

    def open(self, room: Room, answered: Answered) -> None:
        """Ask for what is known of `room`, before a member comes in."""

    def changed(self, member: Member) -> None:
        """`member` is in other rooms, has another name or other rights, or is gone."""

    def share(self, write: SaveSanction | ForgetSanction, now: Moment) -> None:
        """A sanction that is in force here, or not any longer, is to be so everywhere."""

    def forget_room(self, room: Room, why: str, now: Moment) -> None:
        """Let everybody leave `room`, and have it forgotten."""

    def deserted(self, room: Room, now: Moment) -> None:
        """The last member has left `room`, and nothing was said there."""

    def forget_message(self, number: int) -> None:
        """Let the message with the id `number` be forgotten."""

    def dismiss(self, member: Member, farewell: str, reason: str, words: Words | None) -> bool:
        """Have a member shown out that is elsewhere; False if it is here."""

    def tick(self, now: Moment) -> None:
        """Do what is to be done now and then; called about once a second."""

    def close(self) -> None:
        """The hall is about to close: nobody comes in any more, what was said is to be kept."""


class Alone:
    """The order of one server: everything at once.

    Args:
        hall: Where it happens.
    """

    def __init__(self, hall: Hall) -> None:
        self.caution = ""
        self.shared = False
        self.ready = True
        self._hall = hall

    def start(self) -> None:
        """Nothing is to be asked first."""

    def figures(self) -> Mapping[str, object]:
        """Return nothing: nobody else is there."""
        return {}

    def submit(self, happening: Happening) -> None:
        """Let it take effect."""
        self._hall.effects.apply(happening)

    def after(self, member: Member, action: Callable[[], None]) -> None:
        """Call `action`: everything took effect at once."""
        action()

    def claim(self, member: Member, name: Name, proof: Proof, answered: Answered) -> None:
        """Grant it."""
        answered(None)

    def prove(self, member: Member) -> None:
        """Nobody else asks for its name."""

    def release(self, member: Member, name: Name) -> None:
        """Nobody else asks for it."""

    def make_room(self, name: Name, member: Member, answered: Answered) -> None:
        """Make it."""
        self._hall.rooms.make(name, member.key, member.place.sources[-1])
        answered(None)

    def open(self, room: Room, answered: Answered) -> None:
        """All is known."""
        answered(None)

    def changed(self, member: Member) -> None:
        """Nobody else has to know."""

    def share(self, write: SaveSanction | ForgetSanction, now: Moment) -> None:
        """Nobody else has to know."""

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
        """Everybody is here."""
        return False

    def tick(self, now: Moment) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing waits."""
