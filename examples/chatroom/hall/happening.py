"""What happens in a room, before it has its place in the order of things.

Rule of this file: a plain value; an `Order` gives it its place, effects.py says what it changes.
"""

from __future__ import annotations

from dataclasses import dataclass

from .members import Member, Words
from .messages import Message, Moment
from .room import Room


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happens in a room, and that all who are there learn in the same order.

    Attributes:
        room: The room.
        doer: Whom it is about; those who ignore this member get it quietly, or not at all.
        message: What happened; of what is said the id is given by the order.
        now: When.
        words: Put behind the text, for those who do not ignore their author.
        nonce: What the sender of a line calls it, see `AddMessage`.
        lock: For LOCKED: the salted hash of the room's key.
    """

    room: Room
    doer: Member
    message: Message
    now: Moment
    words: Words | None = None
    nonce: str = ""
    lock: str = ""
