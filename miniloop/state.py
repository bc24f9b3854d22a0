"""The states of a channel: which there are, and which may follow which.

A channel has three, each with one writer.  ``Life`` says what its socket is doing, ``Output`` what
may be queued and what follows when the queue is empty, and the *read hold* is the set of reasons
not to read.  The tables are checked in debug mode, drawn in the documentation, and the oracle of
``tests/test_state.py``: every transition is in a table, and every one of a table happens.
"""

from __future__ import annotations

from enum import Enum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, NoReturn, TypeVar

    _State = TypeVar("_State", bound=Enum)


class Life(Enum):
    """What the socket is doing; written by ``BaseChannel._move_()``."""

    NEW = "no connection yet"
    CONNECTING = "a connect is under way"
    OPEN = "connected"
    LISTENING = "accepting connections"
    CLOSED = "closed"


NEW, CONNECTING, OPEN, LISTENING, CLOSED = Life  # asking an Enum for a member costs 50 ns

LIFE: Mapping[Life, frozenset[Life]] = {
    NEW: frozenset({CONNECTING, OPEN, LISTENING, CLOSED}),
    CONNECTING: frozenset({OPEN, CLOSED}),
    OPEN: frozenset({CLOSED}),
    LISTENING: frozenset({CLOSED}),
    CLOSED: frozenset(),
}


class Output(Enum):
    """What may be queued, and what follows; written by ``BaseChannel._set_output_()``.

    ``push()`` queues in OPEN and DRAINING, raises in SHUT_WHEN_EMPTY, SHUT and CLOSED, and discards
    in CLOSE_WHEN_EMPTY.
    """

    OPEN = "anything may be queued"
    DRAINING = "the peer has finished: close when all is delivered and sent"
    SHUT_WHEN_EMPTY = "close_write(): half-close when all is sent"
    SHUT = "half-closed"
    CLOSE_WHEN_EMPTY = "close_when_done(): close when all is sent"
    CLOSED = "closed"


OUTPUT: Mapping[Output, frozenset[Output]] = {
    Output.OPEN: frozenset(
        {Output.DRAINING, Output.SHUT_WHEN_EMPTY, Output.SHUT, Output.CLOSE_WHEN_EMPTY,
         Output.CLOSED}
    ),
    Output.DRAINING: frozenset({Output.CLOSE_WHEN_EMPTY, Output.CLOSED}),
    Output.SHUT_WHEN_EMPTY: frozenset({Output.SHUT, Output.CLOSE_WHEN_EMPTY, Output.CLOSED}),
    Output.SHUT: frozenset({Output.CLOSE_WHEN_EMPTY, Output.CLOSED}),
    Output.CLOSE_WHEN_EMPTY: frozenset({Output.CLOSED}),
    Output.CLOSED: frozenset(),
}  # fmt: skip

# The read hold: an integer of reasons, each with one owner; without any of them, reading is wanted.
PAUSED = 1  # the program paused reading; until ``resume_reading()``
BACKOFF = 2  # accepting failed; until a timer of ``net/accepting.py`` fires
HANDOVER = 4  # ``start_tls()`` was called; until the handshake begins
EOF = 8  # the peer has finished sending; for good, so its end is reported once
CLOSING = 16  # ``close_when_done()`` or ``close()`` was called; for good
ENDED = 32  # the end was reported by its handler; for good, so it is reported once
HANGUP_SEEN = 64
"""No reason of its own: while another one holds, the peer's end was seen behind unread data, so
HANGUP is not watched any more.  Cleared with any reason, because the next hold looks again."""

REASONS = ~HANGUP_SEEN
"""Mask of the bits for which reading is held."""

HOLDS: Mapping[int, bool] = {
    PAUSED: True, BACKOFF: True, HANDOVER: True, EOF: False, CLOSING: False, ENDED: False,
    HANGUP_SEEN: True,
}  # fmt: skip
"""The bits of the read hold, and whether each can be lifted again."""


def check(table: Mapping[_State, frozenset[_State]], before: _State, after: _State) -> None:
    """Refuse a transition that is not in ``table`` with RuntimeError: a bug in miniloop."""
    if after not in table[before]:
        raise RuntimeError(f"{before} may not become {after}: please report this as a bug")


class Uninitialised:
    """Stands in for the state of a channel whose constructor has not run: any use raises."""

    def __get__(self, channel: object, owner: type) -> Any:
        if channel is not None:
            raise RuntimeError(f"{owner.__qualname__}: call super().__init__(loop, ...) first")
        return self  # for tools that look at the class


class NoSocket:
    """Stands in for a missing socket, so that no ``recv()`` looks for None: any use raises."""

    def __init__(self, why: str) -> None:
        self._why = why

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise RuntimeError(f"{name}: {self._why}")

    def __bool__(self) -> bool:
        return False

    def fileno(self) -> int:
        """Return -1."""
        return -1
