"""The interface between the terminal and a conversation, whichever door it uses.

Rule of this file: the states and the two interfaces.
"""

from __future__ import annotations

import enum
from typing import Protocol

PATIENCE = 5.0  # seconds that the server has to answer a /quit


class State(enum.Enum):
    """The state of the conversation; the value is the text of the status line."""

    CONNECTING = "connecting"
    NAMELESS = "no name yet"
    ONLINE = "connected"
    LOST = "connection lost, trying again"
    LEAVING = "leaving"
    ENDED = "ended"


class Talk(Protocol):
    """A conversation with a server."""

    @property
    def state(self) -> State:
        """Return the state."""

    @property
    def waiting(self) -> int:
        """Return the number of lines that were typed and not sent yet."""

    def start(self) -> None:
        """Connect."""

    def enter(self, name: str) -> None:
        """Log in as `name`."""

    def typed(self, line: str) -> None:
        """Send a line as soon as allowed."""

    def leave(self) -> None:
        """Send /quit; the end is reported after the server's answer or a time limit."""


class Listener(Protocol):
    """Is notified by a conversation."""

    def changed(self) -> None:
        """Show what has changed."""

    def ended(self, *, well: bool, words: str) -> None:
        """End: there are no more attempts; `words` give the reason."""
