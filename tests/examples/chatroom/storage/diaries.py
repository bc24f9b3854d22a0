"""A store on a file of its own, used through a loop."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from examples.chatroom.hall.history import AddMessage, Answer, Remembered, Write, Written
from examples.chatroom.hall.messages import Kind, Message
from examples.chatroom.storage.errands import Errands
from examples.chatroom.storage.sqlite_store import Retention, SqliteStore, Trimmed
from miniloop import EventLoop
from tests.driving import run_until

ROOT = Path(__file__).parents[4]
NOON = 1_700_000_000.0
Result = TypeVar("Result")


class Diary:
    """A store in a file, used as if it answered at once."""

    def __init__(self, loop: EventLoop, path: Path, retention: Retention | None = None) -> None:
        self.loop = loop
        self.path = path
        self.store = SqliteStore(loop, path, retention, wall=lambda: NOON)

    def only(self, told: list[Result]) -> Result:
        run_until(self.loop, lambda: told)
        assert len(told) == 1
        return told[0]

    def write(self, *writes: Write) -> Written:
        told: list[Written] = []
        self.store.write(writes, told.append)
        return self.only(told)

    def page(self, room: str = "lobby", before: int = 0, count: int = 99) -> Answer:
        told: list[Answer] = []
        self.store.page(room, before, count, told.append)
        return self.only(told)

    def search(self, query: str, room: str = "lobby", count: int = 99) -> Answer:
        told: list[Answer] = []
        self.store.search(room, query, count, told.append)
        return self.only(told)

    def trim(self, now: float = NOON) -> Trimmed:
        told: list[Trimmed] = []
        self.store.trim(now, told.append)
        return self.only(told)

    def remembered(self, recent: int = 99) -> Remembered:
        return self.store.load(recent)


@contextlib.contextmanager
def reopened(diary: Diary) -> Iterator[Diary]:
    diary.store.close()
    again = Diary(diary.loop, diary.path)
    yield again
    again.store.close()


def said(number: int, text: str = "", sender: str = "Ada", at: float = NOON) -> Message:
    return Message(Kind.SAID, text or f"text {number}", sender, room="Lobby", at=at, id=number)


def add(number: int, text: str = "", nonce: str = "", room: str = "lobby") -> AddMessage:
    return AddMessage(room, said(number, text), nonce)


def ids(messages: Sequence[Message]) -> list[int]:
    return [message.id for message in messages]


OK = Written()


@contextlib.contextmanager
def busy(errands: Errands) -> Iterator[None]:
    """Block the thread for the length of the block."""
    entered, left = threading.Event(), threading.Event()

    def hold() -> None:
        entered.set()
        left.wait(20)

    holder = threading.Thread(target=errands.alone, args=(hold, 20.0))
    holder.start()
    assert entered.wait(20)
    yield
    left.set()
    holder.join()
