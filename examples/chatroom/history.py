"""What was said before you came in.

Rule of this file: keeping and giving back messages, by room; no opinion on who may see them.
The hall knows only the `History` protocol, so that a database can take the memory's place.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Protocol

from .messages import Message


class History(Protocol):
    """Remembers messages for each room, oldest first."""

    def append(self, room: str, message: Message) -> None:
        """Remember `message` as the newest of the room with the key `room`."""

    def last(self, room: str, count: int) -> Sequence[Message]:
        """Return up to `count` of the newest messages of `room`, oldest of them first."""

    def forget(self, room: str) -> None:
        """The room is gone, and with it what was said there."""


class MemoryHistory:
    """Keeps the last messages of each room in memory.

    Args:
        kept: Messages kept for each room; 0 keeps none.
    """

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._rooms: dict[str, deque[Message]] = {}

    def append(self, room: str, message: Message) -> None:
        """Remember `message`; the oldest of that room makes place for it."""
        self._rooms.setdefault(room, deque(maxlen=self._kept)).append(message)

    def last(self, room: str, count: int) -> Sequence[Message]:
        """Return up to `count` of the newest messages of `room`, oldest of them first."""
        if count <= 0:
            return []
        return list(self._rooms.get(room, ()))[-count:]

    def forget(self, room: str) -> None:
        """Drop all that was said in `room`."""
        self._rooms.pop(room, None)
