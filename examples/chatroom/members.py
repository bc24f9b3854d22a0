"""Who is here, as the hall sees it.

Rule of this file: state, and the one call by which a door is reached; the hall makes the changes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from .limits import FloodGuard
from .messages import Message
from .names import Name


class Outlet(Protocol):
    """A door's end of one connection: how messages reach the person behind it."""

    def deliver(self, message: Message) -> None:
        """Show `message`; must not block.

        After a message of the kind FAREWELL nothing more comes, and the door closes the
        connection in its own way.  A raised exception counts as a lost connection.
        """


@dataclass(eq=False, slots=True)
class Room:
    """A room: the people in it, in the order they came, and its topic."""

    name: Name
    members: dict[Member, None] = field(default_factory=dict)
    topic: str = ""


@dataclass(eq=False, slots=True)
class Member:
    """One connection, from its first byte to its last.

    Attributes:
        outlet: Where its messages go.
        address: Where it comes from, for the limits and the log.
        guard: Judges how fast it sends.
        heard: When it last sent a line, in seconds on the monotonic clock.
        name: Its name, or None before it has logged in.
        room: The room it is in, or None before it has logged in.
        ignored: The keys of the names it does not want to hear.
        shunned: Those of them who have changed their names since, as long as they are here.
        attempts: Names it has tried in vain.
        present: Whether it is in the hall; False for good once it has left.
        counted: Whether it takes a place; outlives `present` until its connection is gone.
        reachable: Whether its outlet may be used; outlives `present` by the farewell.
    """

    outlet: Outlet
    address: str
    guard: FloodGuard
    heard: float
    name: Name | None = None
    room: Room | None = None
    ignored: set[str] = field(default_factory=set)
    shunned: set[Member] = field(default_factory=set)
    attempts: int = 0
    present: bool = True
    reachable: bool = True
    counted: bool = True

    def ignores(self, key: str) -> bool:
        """Say whether it does not want to hear the one whose name has this key."""
        return key in self.ignored or any(
            each.name is not None and each.name.key == key for each in self.shunned
        )

    @property
    def shown(self) -> str:
        """Its name for people and logs; safe to print, as only checked names get here."""
        return self.name.shown if self.name else "(not logged in)"
