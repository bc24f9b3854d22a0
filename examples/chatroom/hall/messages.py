"""The typed values that the hall and its doors exchange.

Rule of this file: plain values only; no behaviour, no formatting, no I/O.  A message is never a
finished line of text: sender and text stay separate until a door renders them, so that no text
typed at one door can imitate a line of the server at another.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Kind(enum.Enum):
    """The kind of a message; each door decides how to render it."""

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
"""No event follows one of these: the member was dismissed or left, or the server closes."""


@dataclass(frozen=True, slots=True)
class Message:
    """One event, the same object for all its recipients.

    Attributes:
        kind: The kind of event.
        text: What was said, the reason for leaving, the new name, the new topic, or the server's
            own sentence (notice, farewell, closing).
        sender: The shown name of the member that did it; empty for the server.
        recipient: The shown name of a whisper's recipient; empty otherwise.
        room: The shown name of its room; empty for notices and whispers.
        at: The time, in seconds since the epoch; None for notices, which have no time.
        id: Its increasing number in the history; 0 if it is not stored.
        kept: False if the history could not be written when it was shown.
        quiet: True for a recipient that ignores the sender: the event changes lists of members but
            is not shown as a line.
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
    """A member of a room, as other members see it."""

    name: str
    operator: bool = False


@dataclass(frozen=True, slots=True)
class RoomView:
    """A room as a member sees it that comes in or looks again.

    Attributes:
        name: The room's shown name.
        topic: Its topic, perhaps empty.
        closed: Whether a key is needed to come in.
        people: The members, in the order in which they came.
        recent: The last messages, the oldest first; empty if the client has them already.
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
    """The recipient has left a room; `text` gives the reason if it did not ask for that."""

    room: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a room's history: messages before the one with the id `before`.

    Attributes:
        room: The room's shown name.
        before: The requested id; 0 means the newest page.
        messages: The messages, the oldest first.
        more: Whether there are older messages.
        next: Where to continue (before the message with this id) when there are no messages because
            the ones found are from ignored members; 0 otherwise.
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
    """The result of a search in a room's history, the oldest message first.

    Attributes:
        room: The room's shown name.
        query: The words that were searched for.
        messages: The newest matches, or the newest before the id `before`.
        numbered: Whether they are shown with their ids, as in a page.
        before: The requested id; 0 means from the newest.
        more: Whether there are older matches.
        next: Where to continue when `messages` is empty and there is more, as in a page.
        total: The number of all matches; a lower bound unless `counted`.
        counted: Whether all matches were counted.
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
    """One line of the list of rooms; `people` is the number of members."""

    name: str
    people: int
    topic: str = ""
    closed: bool = False


@dataclass(frozen=True, slots=True)
class RoomList:
    """All rooms."""

    rooms: tuple[RoomEntry, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """Request `number` is done, and its message, if any, is stored."""

    number: int


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The message with the id `number` must not be shown any more."""

    number: int


Event = Message | RoomView | Parted | Page | Found | Forgotten | RoomList | Receipt
"""The events that a door renders."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The time, as a door passes it to the hall, which has no clock.

    There are two clocks for two purposes: limits must not jump when the machine's clock is set, and
    members want to read the time of day.

    Attributes:
        mono: Seconds on a monotonic clock, for limits.
        wall: Seconds since the epoch, for people.
        steady: Seconds since the epoch by a clock that does not jump; None: `wall` does not jump.
    """

    mono: float
    wall: float
    steady: float | None = None

    @property
    def age(self) -> float:
        """The time for ages and the ends of bans, in seconds since the epoch."""
        return self.wall if self.steady is None else self.steady
