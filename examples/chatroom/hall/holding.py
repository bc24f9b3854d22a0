"""Holds back, in order, what a member sends while it waits for an answer.

Rule of this file: waiting; the questions are in other files.

A name or a room may have to be requested from another server.  What is typed meanwhile is meant for
the time after the answer: the line after ``/join`` belongs to the new room.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TypeAlias

from ..people.names import Refused

MOST_HELD = 200
"""Lines and requests of one member that wait for an answer, with the receipts for them; without a
pending answer, a flood is dropped after fewer."""

Answered: TypeAlias = Callable[[Refused | None], None]
"""Called with the answer to a question: None is yes, an exception is the reason for a no."""


class Holding:
    """Holds back what one member sends while an answer is pending."""

    __slots__ = ("_awaited", "_held")

    def __init__(self) -> None:
        self._awaited = 0
        self._held: deque[Callable[[], None]] = deque()

    @property
    def waiting(self) -> bool:
        """Whether an answer is pending."""
        return self._awaited > 0

    def in_turn(self, action: Callable[[], None]) -> bool:
        """Run `action` now or after the answer; return False if too many are held already."""
        if not self.waiting:
            action()
        elif len(self._held) >= MOST_HELD:
            return False
        else:
            self._held.append(action)
        return True

    def begin(self) -> None:
        """Note that an answer is pending; actions are held from now on."""
        self._awaited += 1

    def end(self) -> None:
        """Note an answer; after the last one run what was held, until the next question."""
        self._awaited -= 1
        while self._held and not self.waiting:
            self._held.popleft()()


class _Question:
    """One question, answered immediately or later."""

    __slots__ = ("answered", "later", "refusal")

    def __init__(self) -> None:
        self.answered = False
        self.refusal: Refused | None = None
        self.later: Answered | None = None

    def __call__(self, refusal: Refused | None) -> None:
        if self.answered:
            return
        self.answered, self.refusal = True, refusal
        if self.later is not None:
            self.later(refusal)


def wait_for(
    holding: Holding,
    ask: Callable[[Answered], None],
    granted: Callable[[], None],
    refused: Callable[[Refused], None],
) -> None:
    """Ask, and continue with the answer; what the member sends meanwhile is held.

    Args:
        holding: Holds what the member sends.
        ask: Asks the question; it gets a callback for the answer.
        granted: Called after a yes; may raise `Refused`.
        refused: Called with the reason of a later refusal.

    Raises:
        Refused: The answer came immediately and is no.
    """
    question = _Question()
    ask(question)
    if question.answered:
        if question.refusal is not None:
            raise question.refusal
        granted()
        return

    def later(refusal: Refused | None) -> None:
        try:
            if refusal is not None:
                raise refusal
            granted()  # may ask the next question, which is then waited for as well
        except Refused as problem:
            refused(problem)
        holding.end()

    holding.begin()
    question.later = later
