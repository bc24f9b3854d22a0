"""A hall with an operator, for the tests of operators' commands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from examples.chatroom.hall.hall import Hall
from examples.chatroom.hall.history import (
    MemoryStore,
    Remembered,
    Write,
    Written,
)
from examples.chatroom.hall.limits import Limits
from examples.chatroom.hall.members import Member
from examples.chatroom.people.doorkeeper import Doorkeeper
from examples.chatroom.people.names import Name, check_name
from tests.examples.chatroom.helpers import person

PASSWORD = "correct horse"
HERE, THERE = "192.0.2.1", "198.51.100.7"


class Accounts:
    """One operator's account, without slow hashing."""

    names: Sequence[Name] = (check_name("root", 20),)

    def check(self, name: str, password: str) -> bool:
        return (name, password) == ("root", PASSWORD)


class Notebook(MemoryStore):
    """A notifier that records its calls."""

    def __init__(self, remembered: Remembered | None = None) -> None:
        super().__init__(100)
        self.all: list[Write] = []
        self._known = remembered or Remembered()

    def load(self, recent: int) -> Remembered:
        return self._known

    def write(self, writes: Sequence[Write], done: Callable[[Written], None]) -> None:
        self.all += writes
        super().write(writes, done)


@dataclass
class Scene:
    """A hall with an operator and two other members, one of them from another address."""

    store: Notebook = field(default_factory=Notebook)

    def __post_init__(self) -> None:
        limits = Limits(flood_burst=1000, address_burst=10_000)
        self.hall = Hall(limits, self.store, doorkeeper=Doorkeeper(Accounts()))
        self.ada = person(self.hall, "Ada", address=HERE)
        self.bob = person(self.hall, "Bob", address=THERE)
        self.carol = person(self.hall, "Carol", address=HERE)
        self.ada.types(f"/oper root {PASSWORD}")
        self.clear()

    def clear(self) -> None:
        for each in (self.ada, self.bob, self.carol):
            each.screen.clear()

    def member(self, name: str) -> Member:
        return self.hall.names.find(name)
