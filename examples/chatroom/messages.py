"""What travels between the room and its doors: one typed value.

Rule of this file: plain values only; no behaviour, no formatting, no I/O.  A message is never a
finished line of text: who spoke and what was said stay apart until a door renders them, so that
no text typed at one door can pretend to be a line of the server's at another.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Kind(enum.Enum):
    """What a message tells; each door decides how it looks."""

    SAID = "said"
    ACTED = "acted"
    WHISPERED = "whispered"
    JOINED = "joined"
    LEFT = "left"
    RENAMED = "renamed"
    TOPIC = "topic"
    NOTICE = "notice"
    FAREWELL = "farewell"


@dataclass(frozen=True, slots=True)
class Message:
    """One event in the room, the same object for all who get it.

    Attributes:
        kind: What happened.
        text: The words: what was said, the reason for leaving, the new name, the new topic,
            or the server's own sentence (notice, farewell).
        sender: The shown name of the one who did it; empty for the server.
        recipient: The shown name of the one it was whispered to; empty otherwise.
        room: The shown name of the room it happened in; empty for notices and whispers.
        at: When, in seconds since the epoch; None for notices, which bear no time.
    """

    kind: Kind
    text: str = ""
    sender: str = ""
    recipient: str = ""
    room: str = ""
    at: float | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """The time, as a door hands it to the room, which owns no clock.

    Two clocks because they answer different questions: limits must not jump when somebody sets
    the machine's clock, and people want to read the time of day.

    Attributes:
        mono: Seconds on a monotonic clock, for limits.
        wall: Seconds since the epoch, for people.
    """

    mono: float
    wall: float
