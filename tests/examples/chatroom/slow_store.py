"""A store that answers when the test allows it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from examples.chatroom.hall.history import (
    ANYBODY,
    AddMessage,
    Answer,
    Asker,
    MemoryStore,
    Write,
    Written,
)


@dataclass
class SlowStore(MemoryStore):
    """A store that records its calls, and answers nothing by itself."""

    batches: list[list[Write]] = field(default_factory=list)
    asked: list[Callable[[], None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(100)
        self.waiting: list[Callable[[Written], None]] = []

    def write(self, writes: Sequence[Write], done: Callable[[Written], None]) -> None:
        assert not self.waiting, "asked again before it had answered"
        self.batches.append(list(writes))
        self.waiting.append(done)

    def answer(self, problem: str = "", repeated: Sequence[int] = ()) -> None:
        """Answer the pending batch."""
        done = self.waiting.pop()
        if not problem:
            super().write(self.batches[-1], lambda _: None)
        done(Written(problem, frozenset(repeated)))

    def page(
        self,
        room: str,
        before: int,
        count: int,
        done: Callable[[Answer], None],
        by: Asker = ANYBODY,
    ) -> None:
        ask = super().page
        self.asked.append(lambda: ask(room, before, count, done, by))

    def texts(self) -> list[list[str]]:
        """Return the texts of the messages in each batch."""
        return [
            [write.message.text for write in batch if isinstance(write, AddMessage)]
            for batch in self.batches
        ]
