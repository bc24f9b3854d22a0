"""Stores that record the truth: the messages of each room, in order."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from examples.chatroom.hall.history import (
    ANYBODY,
    AddMessage,
    Answer,
    Asker,
    MemoryStore,
    Write,
    Written,
)
from examples.chatroom.hall.messages import Message

from .people import token_of

Later = Callable[..., object]


class TruthfulStore(MemoryStore):
    """A store that answers at once, and keeps everything that it was ever given."""

    def __init__(self, kept: int) -> None:
        super().__init__(kept)
        self.said: dict[int, tuple[str, Message]] = {}
        self.writing = False
        self.well = True

    def write(self, writes: Sequence[Write], done: Callable[[Written], None]) -> None:
        assert not self.writing, "asked again before it had answered"
        for each in writes:
            if isinstance(each, AddMessage):
                assert self.said.get(each.message.id, (each.room, each.message)) == (
                    each.room,
                    each.message,
                )
                self.said[each.message.id] = (each.room, each.message)
        super().write(writes, done)

    def check(self) -> None:
        """Check that in the end everything is stored once, in its order."""
        for key, kept in self._rooms.items():
            ids = [message.id for message in kept]
            assert ids == sorted(number for number, (room, _) in self.said.items() if room == key)

    def tokens(self) -> list[str]:
        """Return all tokens, in their order."""
        texts = (message.text for _, (_, message) in sorted(self.said.items()))
        return [token for text in texts if (token := token_of(text))]

    def rooms(self) -> dict[str, list[str]]:
        """Return the tokens of each room, in their order."""
        found: dict[str, list[str]] = {}
        for _, (room, message) in sorted(self.said.items()):
            token = token_of(message.text)
            if token:
                found.setdefault(room, []).append(token)
        return found


class LateStore(TruthfulStore):
    """A store that answers late, and sometimes with a failure; after `well` it never fails.

    Args:
        kept: Messages kept for each room.
        later: Calls a function after so many seconds.
        chance: Decides when, and what fails.
        slowest: Longest time for an answer, in seconds.
        failing: How often a write fails, as a probability.
    """

    def __init__(
        self, kept: int, later: Later, chance: random.Random, slowest: float, failing: float
    ) -> None:
        super().__init__(kept)
        self._later = later
        self._chance = chance
        self._slowest = slowest
        self._failing = failing
        self.well = False

    def write(self, writes: Sequence[Write], done: Callable[[Written], None]) -> None:
        def answer(written: Written) -> None:
            self.writing = False
            done(written)

        fails = not self.well and self._chance.random() < self._failing
        kept: Sequence[Write] = [each for each in writes if not fails]
        if fails:
            self._note(writes)
        super().write(kept, lambda _: None)
        self.writing = True
        problem = Written("the disk is full" if fails else "")
        self._later(self._chance.uniform(0, self._slowest), answer, problem)

    def _note(self, writes: Sequence[Write]) -> None:
        for each in writes:
            if isinstance(each, AddMessage):
                self.said[each.message.id] = (each.room, each.message)

    def page(
        self,
        room: str,
        before: int,
        count: int,
        done: Callable[[Answer], None],
        by: Asker = ANYBODY,
    ) -> None:
        def found(answer: Answer) -> None:
            self._later(self._chance.uniform(0, self._slowest), done, answer)

        super().page(room, before, count, found, by)
