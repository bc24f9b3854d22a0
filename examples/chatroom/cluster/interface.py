"""What lies between the engine and the hall: feeds, names, rooms' numbers.

Rule of this file: plain values and protocols.

A feed is a list that only grows, which all who follow it read in one order, with a state: named
values that are changed in the same step as an entry is added.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

Body: TypeAlias = Mapping[str, Any]
"""A JSON object."""

NOTHING: Mapping[str, Body | None] = {}


def ignore() -> None:
    """Do nothing."""


class Full(Exception):
    """So much waits for the engine that nothing more can."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing from a feed.

    Attributes:
        feed: The feed.
        at: Its time, which is its place as well: milliseconds since the epoch, no two alike.
        seq: Its number.
        body: What it says.
        nonce: What its publisher called it.
    """

    feed: str
    at: int
    seq: int
    body: Body
    nonce: str = ""

    @property
    def wall(self) -> float:
        """Its time in seconds since the epoch."""
        return self.at / 1000


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A feed at one moment.

    Attributes:
        feed: The feed.
        at: The place of the last entry.
        seq: Its number.
        state: The state after it.
        past: The entries up to there, the oldest first, from after what was asked for.
        whole: False if some of those are gone.
    """

    feed: str
    at: int
    seq: int
    state: Mapping[str, Body]
    past: tuple[Entry, ...] = ()
    whole: bool = True


class Reader(Protocol):
    """Follows one feed."""

    def snapshot(self, snapshot: Snapshot) -> None:
        """First, and again after a gap."""

    def entry(self, entry: Entry) -> None:
        """What was added since, in order, each once."""


@dataclass(frozen=True, slots=True)
class NameClaim:
    """A name that a member of this node has, or asks for.

    Attributes:
        skeleton: What it looks like; two names that look alike are one.
        member: The member's number within this process.
        shown: The name.
        before: The proof that it was this member's before; the name is had at once then.
        now: The proofs by which it can be had again, with blanks between: each will do.
    """

    skeleton: str
    member: int
    shown: str
    before: str = ""
    now: str = ""


@dataclass(frozen=True, slots=True)
class Granted:
    """The name is this node's."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Another member has the name, or one that looks like it: `shown`, at `node`."""

    node: str
    incarnation: str
    member: int
    shown: str


@dataclass(frozen=True, slots=True)
class Alike:
    """Another room looks like this one: `shown`."""

    shown: str


@dataclass(frozen=True, slots=True)
class TooMany:
    """There are as many rooms as there may be."""


@dataclass(frozen=True, slots=True)
class Away:
    """The engine does not answer."""


class Figures(Protocol):
    """How the engine is; `feeds.ClusterFigures` documents it."""

    @property
    def nodes(self) -> tuple[str, ...]: ...  # noqa: D102 - see above
    @property
    def link(self) -> str: ...  # noqa: D102 - see above
    @property
    def lag(self) -> float: ...  # noqa: D102 - see above
    @property
    def catching_up(self) -> int: ...  # noqa: D102 - see above
    @property
    def waiting(self) -> int: ...  # noqa: D102 - see above
    @property
    def senseless(self) -> int: ...  # noqa: D102 - see above


class Engine(Protocol):
    """What a node needs of the engine; `feeds.Feeds` has it all, and documents it."""

    @property
    def up(self) -> bool: ...  # noqa: D102 - see above
    def publish(  # noqa: D102 - see above
        self,
        feed: str,
        body: Body,
        *,
        nonce: str = "",
        state: Mapping[str, Body | None] = NOTHING,
        done: Callable[[], None] = ignore,
    ) -> None: ...
    def follow(self, feed: str, reader: Reader, since: int | None) -> None: ...  # noqa: D102
    def unfollow(self, feed: str) -> None: ...  # noqa: D102 - see above
    def claim(  # noqa: D102 - see above
        self, name: NameClaim, answered: Callable[[Granted | Taken | Away], None]
    ) -> None: ...
    def renew(self, name: NameClaim) -> None:
        """From now on keep a name that is held as `name` says, with another proof perhaps."""

    def release(self, name: NameClaim) -> None: ...  # noqa: D102 - see above
    def make_room(  # noqa: D102 - see above
        self,
        key: str,
        skeleton: str,
        body: Body,
        most: int,
        answered: Callable[[int | Alike | TooMany | Away], None],
    ) -> None: ...
    def waiting(self) -> int: ...  # noqa: D102 - see above
    def figures(self) -> Figures: ...  # noqa: D102 - see above
    def close(self, done: Callable[[], None]) -> None: ...  # noqa: D102 - see above


class Watcher(Protocol):
    """What is told how the engine is."""

    def up(self) -> None:
        """The engine answers, and what waited is on its way."""

    def down(self, reason: str) -> None:
        """It does not answer any more."""

    def buried(self) -> None:
        """The others took this node for dead; it has said hello again."""

    def name_lost(self, name: NameClaim) -> None:
        """The time limit of a name has passed, and it may be another one's."""
