"""One command: its bytes, its time limit, and the one call that tells its outcome."""

from collections.abc import Callable
from typing import Any

import hiredis

from miniloop import EventLoop

Word = str | int | float | bytes | memoryview

CONFIRMED = frozenset(
    {"subscribe", "psubscribe", "ssubscribe", "unsubscribe", "punsubscribe", "sunsubscribe"}
)
"""Commands that RESP3 answers with a push for each channel, and not with a reply."""

REFUSED = frozenset({"monitor", "sync", "psync", "hello", "reset", "quit"})
"""Commands after which replies would no longer follow commands one to one."""


class Command:
    """A command on its way.

    Args:
        loop: the loop for the time limit and the call.
        words: the command's name and arguments.
        on_reply: called once, from the loop, with the reply or an exception.
        timeout: seconds; None for no limit.
        on_timeout: called with this command when they are over.
        on_done: called with this command when the outcome is known, before it is reported.

    Raises:
        TypeError: a word is neither text nor bytes nor a number.

    Attributes:
        name: the command's name in small letters.
        packed: its bytes.
        confirmations: how many pushes are still to come in the place of a reply.
        done: the outcome is known, or ``drop()`` was called.
    """

    def __init__(
        self,
        loop: EventLoop,
        words: tuple[Word, ...],
        on_reply: Callable[[Any], object] | None,
        timeout: float | None,
        on_timeout: Callable[["Command"], object],
        on_done: Callable[["Command"], object] | None = None,
    ) -> None:
        """Start the time limit."""
        self.name = _text(words[0])
        self.packed: bytes = hiredis.pack_command(words)  # type: ignore[arg-type]  # any number
        self.confirmations = len(words) - 1 if self.name in CONFIRMED else 0
        self.done = False
        self._loop = loop
        self._on_reply = on_reply
        self._on_done = on_done
        self._timer = None if timeout is None else loop.call_later(timeout, on_timeout, self)

    def finish(self, result: Any) -> None:
        """Report the outcome with the next callbacks; again is harmless."""
        if not self.done:
            self.drop()
            self._loop.call_soon(self._report, result)

    def drop(self) -> None:
        """Take the command as done without a report."""
        self.done = True
        if self._timer is not None:
            self._timer.cancel()
        if self._on_done is not None:
            self._on_done(self)

    def cancel(self) -> None:
        """Call nothing any more; what was sent already is carried out all the same."""
        self._on_reply = None

    def _report(self, result: Any) -> None:
        if self._on_reply is not None:
            self._on_reply(result)


def check(words: tuple[Word, ...]) -> None:
    """Refuse what a shared connection cannot carry.

    Raises:
        ValueError: there is no command, or its answer could not be told from those of others.
    """
    first, second = (_text(word) for word in (*words, "", "")[:2])
    if not first:
        raise ValueError("a command needs a name")
    if first in REFUSED or (first, second) == ("client", "reply"):
        raise ValueError(f"{first.upper()} would change how replies come; it is refused")
    if first in CONFIRMED and len(words) == 1:
        raise ValueError(f"{first.upper()} needs the names of channels")


def _text(word: Word) -> str:
    """Return a word in small letters."""
    if isinstance(word, bytes | memoryview):
        return bytes(word).decode("latin-1").lower()
    return str(word).lower()
