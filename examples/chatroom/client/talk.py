"""What the terminal needs of a conversation, whichever door it goes through.

Rule of this file: the states and the two interfaces.
"""

from __future__ import annotations

import enum
from typing import Protocol

PATIENCE = 5.0  # seconds the server has to say goodbye after a /quit


class State(enum.Enum):
    """How the conversation is; the value is what the status line says."""

    CONNECTING = "connecting"
    NAMELESS = "no name yet"
    ONLINE = "connected"
    LOST = "connection lost, trying again"
    LEAVING = "leaving"
    ENDED = "ended"


class Talk(Protocol):
    """A conversation."""

    @property
    def state(self) -> State:
        """How it is."""

    @property
    def waiting(self) -> int:
        """Lines that were typed, and not sent yet."""

    def start(self) -> None:
        """Connect."""

    def enter(self, name: str) -> None:
        """Log in as `name`."""

    def typed(self, line: str) -> None:
        """Send a line, as soon as it may be sent."""

    def leave(self) -> None:
        """Say goodbye; the end is reported when the server has answered, or has not."""


class Listener(Protocol):
    """Who hears of it."""

    def changed(self) -> None:
        """Something is to be shown."""

    def ended(self, *, well: bool, words: str) -> None:
        """It is over, and nothing more is tried; `words` say why."""
