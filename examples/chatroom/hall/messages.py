"""What travels between the hall and its doors: typed values.

Rule of this file: plain values only; no behaviour, no formatting, no I/O.  A message is never a
finished line of text: who spoke and what was said stay apart until a door renders them, so that
no text typed at one door can pretend to be a line of the server's at another.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Kind(enum.Enum):
    """What a message tells; each door decides how it looks."""

    SAID = "said"
    ACTED = "acted"
    WHISPERED = "whispered"
    JOINED = "joined"
    LEFT = "left"
    RENAMED = "renamed"
    TOPIC = "topic"
    OPERATOR = "operator"
    LOCKED = "locked"
    UNLOCKED = "unlocked"
    NOTICE = "notice"
    FAREWELL = "farewell"
    CLOSING = "closing"


LAST_WORDS = frozenset({Kind.FAREWELL, Kind.CLOSING})
"""After one of these nothing more comes: one was shown out or left, or the server closes."""


@dataclass(frozen=True, slots=True)
class Message:
    """One thing that happened, the same object for all who get it.

    Attributes:
        kind: What happened.
        text: The words: what was said, the reason for leaving, the new name, the new topic,
            or the server's own sentence (notice, farewell, closing).
        sender: The shown name of the one who did it; empty for the server.
        recipient: The shown name of the one it was whispered to; empty otherwise.
        room: The shown name of the room it happened in; empty for notices and whispers.
        at: When, in seconds since the epoch; None for notices, which bear no time.
        id: Its place in the history, growing; 0 for what is not remembered.
        kept: False if the history could not be written when it was shown.
        quiet: True for a recipient who ignores the sender: it changes lists of people, and is
            shown as no line.
    """

    kind: Kind
    text: str = ""
    sender: str = ""
    recipient: str = ""
    room: str = ""
    at: float | None = None
    id: int = 0
    kept: bool = True
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a room, as others see them."""

    name: str
    operator: bool = False


@dataclass(frozen=True, slots=True)
class RoomView:
    """A room as one sees it who comes in, or looks again.

    Attributes:
        name: The room's shown name.
        topic: Its topic, perhaps empty.
        closed: Whether one needs a key to come in.
        people: Who is there, in the order they came.
        recent: What was said last, the oldest first; empty where it is known already.
        more: Whether the history goes back further than `recent`.
    """

    name: str
    topic: str = ""
    closed: bool = False
    people: tuple[Person, ...] = ()
    recent: tuple[Message, ...] = ()
    more: bool = False


@dataclass(frozen=True, slots=True)
class Parted:
    """One has left a room oneself; `text` says why, where it was not one's own wish."""

    room: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A piece of a room's history: up to so many messages before the one with the id `before`.

    Attributes:
        room: The room's shown name.
        before: The id asked for; 0 means from the newest.
        messages: What was said, the oldest first.
        more: Whether there is more before them.
        next: Where to go on (before the message with this id) when there are no messages, because
            those looked at are of people whom one ignores; 0 otherwise.
        numbered: Whether the messages are shown with their ids, as `/forget` needs them.
    """

    room: str
    before: int
    messages: tuple[Message, ...]
    more: bool
    next: int = 0
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What a search in a room's history found: up to so many messages, the oldest first.

    Attributes:
        room: The room's shown name.
        query: The words searched for.
        messages: The newest of those found, or the newest before the id `before`.
        numbered: Whether they are shown with their ids, as in a page.
        before: The id asked for; 0 means from the newest.
        more: Whether there are more before them.
        next: Where to go on when `messages` is empty and there is more, as in a page.
        total: How many there are in all; at least so many unless `counted`.
        counted: Whether all were counted.
    """

    room: str
    query: str
    messages: tuple[Message, ...]
    numbered: bool = False
    before: int = 0
    more: bool = False
    next: int = 0
    total: int = 0
    counted: bool = True


@dataclass(frozen=True, slots=True)
class RoomEntry:
    """One line of the list of rooms; `people` is their number."""

    name: str
    people: int
    topic: str = ""
    closed: bool = False


@dataclass(frozen=True, slots=True)
class RoomList:
    """All rooms there are."""

    rooms: tuple[RoomEntry, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """Request `number` is done, and whatever it said is stored."""

    number: int


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The message with the id `number` is to be shown no longer."""

    number: int


Event = Message | RoomView | Parted | Page | Found | Forgotten | RoomList | Receipt
"""Whatever a door may be given to show."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The time, as a door hands it to the room, which owns no clock.

    Two clocks because they answer different questions: limits must not jump when somebody sets
    the machine's clock, and people want to read the time of day.

    Attributes:
        mono: Seconds on a monotonic clock, for limits.
        wall: Seconds since the epoch, for people.
        steady: Seconds since the epoch by a clock that does not jump; None: `wall` is such a one.
    """

    mono: float
    wall: float
    steady: float | None = None

    @property
    def age(self) -> float:
        """The time by which ages and the ends of bans are measured, in seconds since the epoch."""
        return self.wall if self.steady is None else self.steady
