"""Whatever is written, deleted, trimmed and reopened: the store equals a plain list with a disk."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from examples.chatroom.hall.history import (
    AddMessage,
    Answer,
    Asker,
    ForgetMessage,
    ForgetRoom,
    SaveRoom,
    Write,
    Written,
)
from examples.chatroom.hall.messages import Kind, Message
from examples.chatroom.people.names import fold
from examples.chatroom.people.sanction import ForgetSanction, SaveSanction
from examples.chatroom.storage.sqlite_store import Retention, SqliteStore, Trimmed
from miniloop import EventLoop
from tests.driving import run_until

NOON = 1_700_000_000.0
KEEP_AGE = 100.0
KEEP_ROOMS = 2
ROOMS = st.sampled_from(["a", "b", "c"])
WORDS = ["tea", "team", "teapot", "ada", "ox"]
PEOPLE = st.sampled_from(["Ada", "Bob"])
TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join)
NONCES = st.sampled_from(["", "n1", "n2", "n3"])
AGES = st.floats(-150.0, 20.0)
Result = TypeVar("Result")


@dataclass
class Kept:
    """The model's state of a room."""

    row: SaveRoom
    used: float


@st.composite
def writes(draw: st.DrawFn) -> Write:
    """A write; the id and the time of a message are set when it is written."""
    room = draw(ROOMS)
    kind = draw(st.sampled_from(["message"] * 6 + ["save", "forget", "drop", "sanction", "pardon"]))
    if kind == "message":
        said = draw(st.sampled_from([Kind.SAID, Kind.ACTED]))
        message = Message(said, draw(TEXTS), draw(PEOPLE), room=room.upper(), at=draw(AGES))
        return AddMessage(room, message, draw(NONCES))
    if kind == "save":
        lock = draw(st.sampled_from(["", "hash"]))
        return SaveRoom(room, draw(st.sampled_from([room, room.upper()])), draw(TEXTS), lock, "x")
    if kind == "forget":
        return ForgetRoom(room)
    if kind == "drop":
        return ForgetMessage(draw(st.integers(0, 60)))
    subject = draw(st.sampled_from(["name:bob", "address:192.0.2.1"]))
    if kind == "pardon":
        return ForgetSanction("ban", subject)
    until = draw(st.none() | st.floats(-50.0, 200.0).map(lambda offset: NOON + offset))
    return SaveSanction("ban", subject, until, "Ada", "")


class StoreIsAList(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.loop = EventLoop(debug=True)
        self.now = NOON
        self.next_id = 1
        self.last_id = 0
        self.messages: dict[int, AddMessage] = {}
        self.rooms: dict[str, Kept] = {}
        self.sanctions: dict[tuple[str, str], SaveSanction] = {}
        self.open()

    def open(self) -> None:
        self.store = SqliteStore(
            self.loop,
            self.folder / "history.db",
            Retention(keep_age=KEEP_AGE, keep_rooms=KEEP_ROOMS),
            wall=lambda: self.now,
        )
        # For speed, and without loss: power failures are not tested here.
        self.store._connection.execute("PRAGMA synchronous = OFF")

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            self.loop.close()
            shutil.rmtree(self.folder)

    def only(self, told: list[Result]) -> Result:
        run_until(self.loop, lambda: told)
        assert len(told) == 1
        return told[0]

    # The rules

    @rule(batch=st.lists(writes(), max_size=6))
    def write(self, batch: list[Write]) -> None:
        batch = [self.numbered(each) for each in batch]
        told: list[Written] = []
        self.store.write(batch, told.append)
        repeated = {number for each in batch for number in self.apply(each)}
        assert self.only(told) == Written("", frozenset(repeated))

    @rule(batch=st.lists(writes(), max_size=6))
    def write_what_fails(self, batch: list[Write]) -> None:
        """The last write fails, so nothing of the batch is written."""
        if self.messages:
            known = next(iter(self.messages.values()))
            clash = AddMessage(known.room, replace(known.message, text="something else"))
            before = self.next_id
            batch = [self.numbered(each) for each in batch if not isinstance(each, ForgetRoom)]
            self.next_id = before
            told: list[Written] = []
            self.store.write([*batch, clash], told.append)
            assert self.only(told).problem

    @rule(room=ROOMS, before=st.integers(-1, 60), count=st.integers(0, 5))
    def page(self, room: str, before: int, count: int) -> None:
        told: list[Answer] = []
        self.store.page(room, before, count, told.append)
        found = [each for each in self.known(room) if not before or each.id < before]
        assert self.only(told) == newest(found, count)

    @rule(room=ROOMS, query=st.lists(st.sampled_from([*WORDS, "te", "bob", "!"]), max_size=3),
          count=st.integers(1, 5), before=st.integers(0, 60),
          unheard=st.sampled_from([frozenset(), frozenset({"bob"})]))  # fmt: skip
    def search(
        self, room: str, query: list[str], count: int, before: int, unheard: frozenset[str]
    ) -> None:
        told: list[Answer] = []
        asker = Asker(unheard=unheard)
        self.store.search(room, " ".join(query), count, told.append, asker, before)
        words = [word for word in query if word != "!"]
        found = [each for each in self.known(room) if words and matches(each, words)]
        found = [each for each in found if fold(each.sender) not in unheard]
        older = [each for each in found if not before or each.id < before]
        assert self.only(told) == replace(newest(older, count), total=len(found))

    @rule(later=st.floats(0.0, 80.0))
    def trim(self, later: float) -> None:
        self.now += later
        told: list[Trimmed] = []
        self.store.trim(self.now, told.append)
        counts = self.forget(self.now - KEEP_AGE)
        trimmed = self.only(told)
        assert (trimmed.messages, trimmed.rooms, trimmed.sanctions) == counts
        assert trimmed.problem == ""

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.open()
        self.next_id = self.store.load(0).last_id + 1

    @invariant()
    def remembers(self) -> None:
        if not hasattr(self, "store"):
            return
        remembered = self.store.load(2)
        # Ids of repeated messages may be reused: they were never shown.
        assert self.last_id <= remembered.last_id < self.next_id
        latest = self.used_last()
        assert list(remembered.rooms) == [
            (kept.row, newest(self.known(key), 2).messages)
            for key, kept in self.rooms.items()
            if key in latest
        ]
        assert {(each.kind, each.subject): each for each in remembered.sanctions} == {
            key: each
            for key, each in self.sanctions.items()
            if each.until is None or each.until > self.now
        }
        self.store._connection.execute("INSERT INTO words (words) VALUES ('integrity-check')")

    # The model

    def numbered(self, write: Write) -> Write:
        if not isinstance(write, AddMessage):
            return write
        assert write.message.at is not None
        message = replace(write.message, id=self.next_id, at=self.now + write.message.at)
        self.next_id += 1
        return replace(write, message=message)

    def apply(self, write: Write) -> list[int]:
        """Apply the write to the model; return the id of a message that was repeated."""
        match write:
            case AddMessage(room=key, message=message, nonce=nonce):
                row = self.rooms[key].row if key in self.rooms else SaveRoom(key, message.room)
                self.save(row)
                if nonce and nonce in {each.nonce for each in self.messages.values()}:
                    return [message.id]
                self.messages[message.id] = write
                self.last_id = message.id
            case SaveRoom():
                self.save(write)
            case ForgetRoom(key=key):
                self.drop_room(key)
            case ForgetMessage(number=number):
                self.messages.pop(number, None)
            case SaveSanction():
                self.sanctions[write.kind, write.subject] = write
            case ForgetSanction():
                self.sanctions.pop((write.kind, write.subject), None)
        return []

    def save(self, row: SaveRoom) -> None:
        self.rooms[row.key] = Kept(row, self.now)  # in its old place, if it has one

    def drop_room(self, key: str) -> None:
        self.rooms.pop(key, None)
        self.messages = {n: each for n, each in self.messages.items() if each.room != key}

    def forget(self, before: float) -> tuple[int, int, int]:
        old = (len(self.messages), len(self.rooms), len(self.sanctions))
        self.sanctions = {
            key: each
            for key, each in self.sanctions.items()
            if each.until is None or each.until > self.now
        }
        self.messages = {
            number: each
            for number, each in self.messages.items()
            if each.message.at is not None and each.message.at >= before
        }
        for key, kept in list(self.rooms.items()):
            if kept.used < before and not self.known(key):  # locked ones, too
                self.drop_room(key)
        for key in set(self.rooms) - self.used_last():
            self.drop_room(key)
        return (
            old[0] - len(self.messages),
            old[1] - len(self.rooms),
            old[2] - len(self.sanctions),
        )

    def used_last(self) -> set[str]:
        order = sorted(enumerate(self.rooms), key=lambda each: (self.rooms[each[1]].used, each[0]))
        return {key for _, key in order[-KEEP_ROOMS:]}

    def known(self, room: str) -> list[Message]:
        """Return the messages of `room`, under its present name."""
        return [
            replace(each.message, room=self.rooms[room].row.shown)
            for each in self.messages.values()
            if each.room == room
        ]


def newest(messages: list[Message], count: int) -> Answer:
    start = max(0, len(messages) - count)
    return Answer(tuple(messages[start:]), start > 0)


def matches(message: Message, words: list[str]) -> bool:
    tokens = [message.sender.lower(), *message.text.split()]
    *whole, last = words
    return set(whole) <= set(tokens) and any(token.startswith(last) for token in tokens)


TestStoreIsAList = StoreIsAList.TestCase
TestStoreIsAList.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
