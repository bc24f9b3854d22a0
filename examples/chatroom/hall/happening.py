"""What happens in a room, before it has its place in the order.

Rule of this file: a plain value; an `Order` gives it its place, effects.py applies it.
"""

from __future__ import annotations

from dataclasses import dataclass

from .members import Member, Words
from .messages import Message, Moment
from .room import Room


@dataclass(frozen=True, slots=True)
class Happening:
    """One event in a room, which all its members receive in the same order.

    Attributes:
        room: The room.
        doer: The member that it is about; members that ignore it get it quietly, or not at all.
        message: The message; the order assigns the id of speech.
        now: The time.
        words: Appended to the text, for members that do not ignore their author.
        nonce: The sender's identifier for a line, see `AddMessage`.
        lock: For LOCKED: the salted hash of the room's key.
    """

    room: Room
    doer: Member
    message: Message
    now: Moment
    words: Words | None = None
    nonce: str = ""
    lock: str = ""
