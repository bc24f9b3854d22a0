"""The hall's members.

Rule of this file: state, and the one call to a door; the hall makes the changes.
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
    """A door's output for one connection: it shows events to the user."""

    def deliver(self, event: Event) -> None:
        """Show `event`; must not block.

        After a message of the kinds FAREWELL and CLOSING no event follows, and the door closes the
        connection in its own way.  An exception counts as a lost connection.
        """


@dataclass(eq=False, slots=True)
class Member:
    """One member, from its first connection to its last.

    Attributes:
        outlet: Where its events are sent.
        place: Its place at the gate, with the address for the limits and the log.
        guard: Judges how fast it sends.
        heard: When it last sent a line, in seconds on the monotonic clock.
        roaming: Whether it may be in several rooms at once, as a browser can show them.
        name: Its name; None before the log-in.
        rooms: Its rooms; none before the log-in, at least one afterwards.
        room: The room to which a line without a named room goes.
        operator: Whether it has given an operator's password.
        ignored: The keys of the names that it ignores.
        shunned: The ignored members that have changed their names since, as long as they are
            connected, with the keys by which they are ignored.
        attempts: How many names it has tried without success.
        holding: Holds what it sends while it waits for an answer.
        proof: Digests of secrets that it alone has, separated by blanks: each proves later that its
            name was this member's.
        node: The server it is at, if that is another one.
        present: Whether it is in the hall; False for good once it has left.
        reachable: Whether its outlet may be used; stays true after `present` until the farewell.
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
        """Return whether it ignores the member whose name has this key."""
        return key in self.ignored or any(
            each.name is not None and each.name.key == key for each in self.shunned
        )

    @property
    def unheard(self) -> frozenset[str]:
        """The keys of the names that it ignores, as they are now."""
        now_called = (each.name.key for each in self.shunned if each.name is not None)
        return frozenset(self.ignored).union(now_called)

    @property
    def key(self) -> str:
        """The key of its name; empty before the log-in."""
        return self.name.key if self.name else ""

    @property
    def address(self) -> str:
        """The client's address."""
        return self.place.address

    @property
    def shown(self) -> str:
        """Its name for display and logs; safe to print, because only checked names get here."""
        return self.name.shown if self.name else "(not logged in)"

    @property
    def person(self) -> Person:
        """Its description for other members."""
        return Person(self.shown, self.operator)


@dataclass(frozen=True, slots=True)
class Words:
    """What `author` adds to a sentence of the server: why a member quits, or is dismissed."""

    author: Member
    text: str


def willing(speaker: Member, hearers: Iterable[Member]) -> Iterator[Member]:
    """Yield those of `hearers` that do not ignore `speaker`."""
    return (member for member in hearers if not member.ignores(speaker.key))
