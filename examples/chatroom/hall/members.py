"""Who is here, as the hall sees it.

Rule of this file: state, and the one call by which a door is reached; the hall makes the changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from ..people.names import Name
from .flood import FloodGuard
from .gate import Place
from .holding import Holding
from .messages import Event, Person

if TYPE_CHECKING:
    from .room import Room


class Outlet(Protocol):
    """A door's end of one connection: how events reach the person behind it."""

    def deliver(self, event: Event) -> None:
        """Show `event`; must not block.

        After a message of the kinds FAREWELL and CLOSING nothing more comes, and the door closes
        the connection in its own way.  A raised exception counts as a lost connection.
        """


@dataclass(eq=False, slots=True)
class Member:
    """One person's stay, from its first connection to its last.

    Attributes:
        outlet: Where its events go.
        place: Its place at the gate: where it comes from, for the limits and the log.
        guard: Judges how fast it sends.
        heard: When it last sent a line, in seconds on the monotonic clock.
        roaming: Whether it may be in several rooms at once, as a browser can show them.
        name: Its name, or None before it has logged in.
        rooms: The rooms it is in; none before it has logged in, at least one afterwards.
        room: The one of them that a line goes to which names no room.
        operator: Whether it has given an operator's password.
        ignored: The keys of the names it does not want to hear.
        shunned: Those of them who have changed their names since, as long as they are here, and
            the keys by which they are ignored.
        attempts: Names it has tried in vain.
        holding: Holds what it sends while it waits for an answer.
        proof: Digests of secrets that it alone has, with blanks between: each shows later that its
            name was its.
        node: The server it is at, if that is another one.
        present: Whether it is in the hall; False for good once it has left.
        reachable: Whether its outlet may be used; outlives `present` by the farewell.
        held_until: Until when its name is held although its connection is lost, in seconds on
            the monotonic clock; None while it is connected.
    """

    outlet: Outlet
    place: Place
    guard: FloodGuard
    heard: float
    roaming: bool = False
    name: Name | None = None
    rooms: dict[Room, None] = field(default_factory=dict)
    room: Room | None = None
    operator: bool = False
    ignored: set[str] = field(default_factory=set)
    shunned: dict[Member, str] = field(default_factory=dict)
    attempts: int = 0
    holding: Holding = field(default_factory=Holding)
    proof: str = ""
    node: str = ""
    present: bool = True
    reachable: bool = True
    held_until: float | None = None

    def ignores(self, key: str) -> bool:
        """Say whether it does not want to hear the one whose name has this key."""
        return key in self.ignored or any(
            each.name is not None and each.name.key == key for each in self.shunned
        )

    @property
    def unheard(self) -> frozenset[str]:
        """The keys of the names that it does not want to hear, as they are now."""
        now_called = (each.name.key for each in self.shunned if each.name is not None)
        return frozenset(self.ignored).union(now_called)

    @property
    def key(self) -> str:
        """The key of its name; empty before it has logged in."""
        return self.name.key if self.name else ""

    @property
    def address(self) -> str:
        """Where it comes from."""
        return self.place.address

    @property
    def shown(self) -> str:
        """Its name for people and logs; safe to print, as only checked names get here."""
        return self.name.shown if self.name else "(not logged in)"

    @property
    def person(self) -> Person:
        """Itself as others see it."""
        return Person(self.shown, self.operator)


@dataclass(frozen=True, slots=True)
class Words:
    """What `author` adds to a sentence of the server's: why somebody quits, or is shown out."""

    author: Member
    text: str


def willing(speaker: Member, hearers: Iterable[Member]) -> Iterator[Member]:
    """Yield those of `hearers` who do not ignore `speaker`."""
    return (member for member in hearers if not member.ignores(speaker.key))
