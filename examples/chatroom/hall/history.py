"""What is remembered: the messages, the rooms, and who may not come in.

Rule of this file: the `Store` protocol and its simplest keeper, memory; no opinion on who may
see what.  Answers go to a callback, because a database needs its time and the loop must not
wait: a store calls it on the loop's thread, at once or later, and never raises instead.
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
    """Remember `message` (its `id` is given already) in the room with the key `room`.

    Attributes:
        room: The room's key.
        message: What was said.
        nonce: What its sender called it; the same one again is the same message again, sent
            twice because an answer was lost.  Empty where the sender promises nothing.
    """

    room: str
    message: Message
    nonce: str = ""


@dataclass(frozen=True, slots=True)
class SaveRoom:
    """Remember what a room is.

    Attributes:
        key: The room's key, by which it is found.
        shown: Its shown name.
        topic: Its topic.
        lock: The salted hash of the key one needs to come in; empty for an open room.
        founder: The key of the name of who made it.
    """

    key: str
    shown: str
    topic: str = ""
    lock: str = ""
    founder: str = ""


@dataclass(frozen=True, slots=True)
class ForgetRoom:
    """Forget a room and all that was said in it."""

    key: str


@dataclass(frozen=True, slots=True)
class ForgetMessage:
    """Forget the message with the id `number`; there need be none."""

    number: int


@dataclass(frozen=True, slots=True)
class AddWaiting:
    """Remember what could not be sent to other servers yet; `nonce` tells it from all else."""

    nonce: str
    text: str


@dataclass(frozen=True, slots=True)
class ForgetWaiting:
    """Forget it: it has been sent."""

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
    """How writing went.

    Attributes:
        problem: Why nothing was written, as half a sentence for people ("the disk is full");
            empty if all was.
        repeated: The ids of messages whose nonce was known: they were not stored again.
        note: A sentence for all who are here; empty if all went as usual.
    """

    problem: str = ""
    repeated: frozenset[int] = frozenset()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was asked for: messages, the oldest first.

    Attributes:
        messages: The messages.
        more: Whether there are older ones.
        problem: Why they could not be had, as half a sentence; empty if they could.
        next: Where to go on (before the message with this id) when the look ended with no message
            that is wanted, and not at the beginning; 0 otherwise.
        total: How many messages a search finds in all, those of unheard senders left out.
        counted: Whether `total` is all of them; a store may stop counting.
    """

    messages: tuple[Message, ...] = ()
    more: bool = False
    problem: str = ""
    next: int = 0
    total: int = 0
    counted: bool = True


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, as far as a store has to know.

    Attributes:
        source: Where the question comes from; each source has its turn.
        unheard: The keys of the names whose messages are not wanted.
    """

    source: str = ""
    unheard: frozenset[str] = frozenset()


ANYBODY = Asker()


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a store knows when the server starts.

    Attributes:
        last_id: The highest id ever given.
        rooms: Every room there is something of, with its newest messages, the oldest first.
        sanctions: The sanctions that have not ended.
        used: When each room was last used, by its key, in seconds since the epoch by the clock for
            ages; a message's own time may be from a clock that was wrong.
        waiting: What was to be sent to other servers, the oldest first.
    """

    last_id: int = 0
    rooms: tuple[tuple[SaveRoom, tuple[Message, ...]], ...] = ()
    sanctions: tuple[SaveSanction, ...] = ()
    used: Mapping[str, float] = field(default_factory=dict)
    waiting: tuple[AddWaiting, ...] = ()


class Store(Protocol):
    """Keeps what must outlive the process."""

    def load(self, recent: int) -> Remembered:
        """Return what is known, with up to `recent` messages a room; called once, at the start."""

    def write(self, writes: Sequence[Write], done: Callable[[Written], None]) -> None:
        """Write all of `writes`, in this order and as one, or none; then call `done`.

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
        """Find up to `count` of the newest messages of `room` that match what somebody typed.

        With `before`, only those before the message with that id.
        """


def drop(messages: deque[Message], number: int) -> None:
    """Take the message with the id `number` out of `messages`, if it is there."""
    # Ids grow; those that are not remembered have 0 and are in no store.
    for message in tuple(messages):
        if message.id == number:
            messages.remove(message)


class MemoryStore:
    """Keeps the last messages of each room, as long as the process lives.

    Args:
        kept: Messages kept for each room; 0 keeps none.
    """

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._rooms: dict[str, deque[Message]] = {}
        self._waiting: dict[str, AddWaiting] = {}

    def load(self, recent: int) -> Remembered:
        """Return only what waits for other servers: memory begins empty."""
        return Remembered(waiting=tuple(self._waiting.values()))

    def write(self, writes: Sequence[Write], done: Callable[[Written], None]) -> None:
        """Keep the messages; the hall itself holds the rest in memory anyway."""
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
