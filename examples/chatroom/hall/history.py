"""What is stored: messages, rooms, sanctions, and what waits for other servers.

Rule of this file: the `Store` protocol and its simplest implementation, in memory; no access
control.  Answers go to a callback, because a database takes time and the loop must not block: a
store calls it on the loop's thread, immediately or later, and never raises instead.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..people.names import fold
from ..people.sanction import ForgetSanction, SaveSanction
from .messages import Message


@dataclass(frozen=True, slots=True)
class AddMessage:
    """Store `message` (its `id` is already assigned) in the room with the key `room`.

    Attributes:
        room: The room's key.
        message: The message.
        nonce: The sender's identifier; the same one again is the same message, sent again because
            an answer was lost.  Empty if the sender gives none.
    """

    room: str
    message: Message
    nonce: str = ""


@dataclass(frozen=True, slots=True)
class SaveRoom:
    """Store the properties of a room.

    Attributes:
        key: The room's key, by which it is found.
        shown: Its shown name.
        topic: Its topic.
        lock: The salted hash of the key of a closed room; empty for an open room.
        founder: The key of the founder's name.
    """

    key: str
    shown: str
    topic: str = ""
    lock: str = ""
    founder: str = ""


@dataclass(frozen=True, slots=True)
class ForgetRoom:
    """Forget a room and all its messages."""

    key: str


@dataclass(frozen=True, slots=True)
class ForgetMessage:
    """Forget the message with the id `number`, if it exists."""

    number: int


@dataclass(frozen=True, slots=True)
class AddWaiting:
    """Store what could not be sent to other servers yet, under the unique `nonce`."""

    nonce: str
    text: str


@dataclass(frozen=True, slots=True)
class ForgetWaiting:
    """Forget what has been sent to the other servers."""

    nonce: str


Write = (
    AddMessage
    | SaveRoom
    | ForgetRoom
    | ForgetMessage
    | SaveSanction
    | ForgetSanction
    | AddWaiting
    | ForgetWaiting
)


@dataclass(frozen=True, slots=True)
class Written:
    """The result of a write.

    Attributes:
        problem: Why nothing was written, as half a sentence for people ("the disk is full");
            empty on success.
        repeated: The ids of messages whose nonce was known: they were not stored again.
        note: A sentence for all members; empty if nothing unusual happened.
    """

    problem: str = ""
    repeated: frozenset[int] = frozenset()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a query: messages, the oldest first.

    Attributes:
        messages: The messages.
        more: Whether there are older ones.
        problem: Why the query failed, as half a sentence; empty on success.
        next: Where to continue (before the message with this id) when a lookup stopped before it
            found a wanted message and before the beginning; 0 otherwise.
        total: How many messages a search finds in all, without those of ignored senders.
        counted: Whether `total` is complete; a store may stop counting.
    """

    messages: tuple[Message, ...] = ()
    more: bool = False
    problem: str = ""
    next: int = 0
    total: int = 0
    counted: bool = True


@dataclass(frozen=True, slots=True)
class Asker:
    """The member that asks, as far as a store needs to know.

    Attributes:
        source: The source of the query; each source has its turn.
        unheard: The keys of the names whose messages are left out.
    """

    source: str = ""
    unheard: frozenset[str] = frozenset()


ANYBODY = Asker()


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a store contains when the server starts.

    Attributes:
        last_id: The highest id assigned so far.
        rooms: All stored rooms with their newest messages, the oldest first.
        sanctions: The sanctions that have not ended.
        used: When each room was last used, by its key, in seconds since the epoch by the clock for
            ages; a message's own time may come from a clock that was wrong.
        waiting: What has not been sent to other servers yet, the oldest first.
    """

    last_id: int = 0
    rooms: tuple[tuple[SaveRoom, tuple[Message, ...]], ...] = ()
    sanctions: tuple[SaveSanction, ...] = ()
    used: Mapping[str, float] = field(default_factory=dict)
    waiting: tuple[AddWaiting, ...] = ()


class Store(Protocol):
    """Keeps what must outlive the process."""

    def load(self, recent: int) -> Remembered:
        """Return what is stored, with up to `recent` messages a room; called once, at the start."""

    def write(self, writes: Sequence[Write], done: Callable[[Written], None]) -> None:
        """Write all of `writes`, in this order and atomically, or none; then call `done`.

        The hall calls this again only after `done` was called.
        """

    def page(
        self,
        room: str,
        before: int,
        count: int,
        done: Callable[[Answer], None],
        by: Asker = ANYBODY,
    ) -> None:
        """Find up to `count` messages of `room` before the id `before`; 0 means the newest."""

    def search(
        self,
        room: str,
        query: str,
        count: int,
        done: Callable[[Answer], None],
        by: Asker = ANYBODY,
        before: int = 0,
    ) -> None:
        """Find up to `count` of the newest messages of `room` that match a typed query.

        With `before`, search only messages before the one with that id.
        """


def drop(messages: deque[Message], number: int) -> None:
    """Remove the message with the id `number` from `messages`, if it is there."""
    # Ids increase; messages that are not stored have 0.
    for message in tuple(messages):
        if message.id == number:
            messages.remove(message)


class MemoryStore:
    """Keeps the last messages of each room as long as the process runs.

    Args:
        kept: Messages kept for each room; 0 keeps none.
    """

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._rooms: dict[str, deque[Message]] = {}
        self._waiting: dict[str, AddWaiting] = {}

    def load(self, recent: int) -> Remembered:
        """Return only what waits for other servers: the memory is empty at the start."""
        return Remembered(waiting=tuple(self._waiting.values()))

    def write(self, writes: Sequence[Write], done: Callable[[Written], None]) -> None:
        """Keep the messages; the hall itself has the rest in memory."""
        for each in writes:
            if isinstance(each, AddMessage):
                self._messages(each.room).append(each.message)
            elif isinstance(each, AddWaiting):
                self._waiting.setdefault(each.nonce, each)
            elif isinstance(each, ForgetWaiting):
                self._waiting.pop(each.nonce, None)
            elif isinstance(each, ForgetRoom):
                self._rooms.pop(each.key, None)
            elif isinstance(each, ForgetMessage):
                for known in self._rooms.values():
                    drop(known, each.number)
        done(Written())

    def page(
        self,
        room: str,
        before: int,
        count: int,
        done: Callable[[Answer], None],
        by: Asker = ANYBODY,
    ) -> None:
        """Find up to `count` messages of `room` before the id `before`."""
        known = [each for each in self._rooms.get(room, ()) if fold(each.sender) not in by.unheard]
        end = bisect_left(known, before, key=lambda message: message.id) if before else len(known)
        start = max(0, end - count)
        done(Answer(tuple(known[start:end]), start > 0))

    def search(
        self,
        room: str,
        query: str,
        count: int,
        done: Callable[[Answer], None],
        by: Asker = ANYBODY,
        before: int = 0,
    ) -> None:
        """Find the newest messages of `room` that contain all the words of `query`."""
        words = query.casefold().split()
        found = [
            message
            for message in self._rooms.get(room, ())
            if words and all(word in message.text.casefold() for word in words)
            if fold(message.sender) not in by.unheard
        ]
        older = [message for message in found if not before or message.id < before]
        shown = tuple(older[max(0, len(older) - count) :])
        done(Answer(shown, len(older) > count, total=len(found)))

    def _messages(self, room: str) -> deque[Message]:
        return self._rooms.setdefault(room, deque(maxlen=self._kept))
