"""The interface between the engine and the hall: feeds, names, rooms' numbers.

Rule of this file: plain values and protocols.

A feed is an append-only list, which all followers read in the same order, with a state: named
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
    """The queue for the engine is full."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a feed.

    Attributes:
        feed: The feed.
        at: Its time, which is also its place: milliseconds since the epoch, unique.
        seq: Its number.
        body: Its content.
        nonce: The identifier that its publisher chose.
    """

    feed: str
    at: int
    seq: int
    body: Body
    nonce: str = ""

    @property
    def wall(self) -> float:
        """Return its time in seconds since the epoch."""
        return self.at / 1000


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A feed at one moment.

    Attributes:
        feed: The feed.
        at: The place of the last entry.
        seq: Its number.
        state: The state after it.
        past: The entries up to there, the oldest first, from after the requested place.
        whole: False if some of these are missing.
    """

    feed: str
    at: int
    seq: int
    state: Mapping[str, Body]
    past: tuple[Entry, ...] = ()
    whole: bool = True


class Reader(Protocol):
    """Receives the snapshots and entries of one feed."""

    def snapshot(self, snapshot: Snapshot) -> None:
        """Handle a snapshot: the first call, and again after a gap."""

    def entry(self, entry: Entry) -> None:
        """Handle an entry added since, in order, each once."""


@dataclass(frozen=True, slots=True)
class NameClaim:
    """A name that a member of this node holds, or claims.

    Attributes:
        skeleton: Its skeleton; two names with one skeleton count as the same.
        member: The member's number within this process.
        shown: The name.
        before: The proof that the member held it before; then it is granted at once.
        now: The proofs that can reclaim it, separated by blanks: any of them is enough.
    """

    skeleton: str
    member: int
    shown: str
    before: str = ""
    now: str = ""


@dataclass(frozen=True, slots=True)
class Granted:
    """The name belongs to this node."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Another member has the name, or a similar one: `shown`, at `node`."""

    node: str
    incarnation: str
    member: int
    shown: str


@dataclass(frozen=True, slots=True)
class Alike:
    """Another room has a similar name: `shown`."""

    shown: str


@dataclass(frozen=True, slots=True)
class TooMany:
    """The maximum number of rooms is reached."""


@dataclass(frozen=True, slots=True)
class Away:
    """The engine does not answer."""


class Figures(Protocol):
    """The state of the engine; `feeds.ClusterFigures` documents it."""

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
    """The engine as a node uses it; `feeds.Feeds` implements and documents it."""

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
        """Hold a name as `name` says from now on, possibly with another proof."""

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
    """Is notified of changes of the engine's state."""

    def up(self) -> None:
        """The engine is available, and pending entries are being sent."""

    def down(self, reason: str) -> None:
        """The engine is not available any more."""

    def buried(self) -> None:
        """Other nodes declared this node dead; it has registered again."""

    def name_lost(self, name: NameClaim) -> None:
        """The time limit of a name has passed, and another member may have it."""
