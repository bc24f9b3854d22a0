"""What a member sends while it waits for an answer, held back in its order.

Rule of this file: waiting; what is asked, and of whom, is elsewhere.

A name or a room may have to be asked for at another machine.  What is typed meanwhile is meant for
the time after the answer: the line behind ``/join`` belongs to the new room.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TypeAlias

from ..people.names import Refused

MOST_HELD = 200
"""Lines and requests of one member that wait for an answer, and the receipts for them; without
waiting, a flood is dropped after fewer."""

Answered: TypeAlias = Callable[[Refused | None], None]
"""Called with the answer to a question: None is yes, anything else is why not."""


class Holding:
    """Holds back what one member sends while an answer is awaited."""

    __slots__ = ("_awaited", "_held")

    def __init__(self) -> None:
        self._awaited = 0
        self._held: deque[Callable[[], None]] = deque()

    @property
    def waiting(self) -> bool:
        """Whether an answer is awaited."""
        return self._awaited > 0

    def in_turn(self, action: Callable[[], None]) -> bool:
        """Do `action` now, or after the answer; False if too much waits already."""
        if not self.waiting:
            action()
        elif len(self._held) >= MOST_HELD:
            return False
        else:
            self._held.append(action)
        return True

    def begin(self) -> None:
        """An answer is awaited; from now on what comes is held."""
        self._awaited += 1

    def end(self) -> None:
        """An answer is there; after the last one do what was held, up to the next question."""
        self._awaited -= 1
        while self._held and not self.waiting:
            self._held.popleft()()


class _Question:
    """One question: answered at once, or later."""

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
    """Ask, and go on with the answer; what the member sends meanwhile is held.

    Args:
        holding: What holds it.
        ask: Asks; gets what is to be called with the answer, at once or later.
        granted: Goes on after a yes; may raise `Refused`.
        refused: Gets the reason of a no that comes later.

    Raises:
        Refused: The answer came at once and is no.
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
            granted()  # may ask the next question, and is waited for in turn
        except Refused as problem:
            refused(problem)
        holding.end()

    holding.begin()
    question.later = later
