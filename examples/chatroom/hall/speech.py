"""What people say: to a room, which is remembered, and to one person, which is not.

Rule of this file: who hears it, and that it is stored before it is shown.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from ..people.names import Refused
from ..people.sanctions import Sanctions
from .history import AddMessage, Write
from .ledger import Fate
from .limits import Limits
from .members import Member, willing
from .messages import Kind, Message, Moment
from .postbox import Postbox
from .room import Room, here

log = logging.getLogger("chatroom")

SILENCE = 60.0
"""Seconds after which a room is stored again with what is said there: the store forgets rooms in
which nothing is left, and a message alone would bring one back without its topic and its key."""


class Speech:
    """The way of words.

    Args:
        postbox: Where they go.
        sanctions: Who has to be silent.
        limits: `max_waiting` counts here.
        record: Stores what is not shown.
        counts: Where messages and whispers are counted.
        last_id: The highest id that a message ever had.
        log_messages: Whether the log gets what people say in rooms.
    """

    def __init__(
        self,
        postbox: Postbox,
        sanctions: Sanctions,
        limits: Limits,
        record: Callable[[Write], None],
        counts: Counter[str],
        last_id: int,
        *,
        log_messages: bool,
    ) -> None:
        self._counts = counts
        self._postbox = postbox
        self._sanctions = sanctions
        self._limits = limits
        self._record = record
        self._last_id = last_id
        self._log_messages = log_messages

    def say(self, member: Member, text: str, now: Moment, nonce: str = "") -> None:
        """`member` says `text` to its room; see `AddMessage` for the `nonce`.

        Raises:
            Refused: It may not speak, or the disk cannot keep up.
        """
        self._speak(Kind.SAID, member, text, now, nonce)

    def act(self, member: Member, text: str, now: Moment, nonce: str = "") -> None:
        """`member` does what `text` says, in the third person.

        Raises:
            Refused: It may not speak, or the disk cannot keep up.
        """
        self._speak(Kind.ACTED, member, text, now, nonce)

    def whisper(self, member: Member, target: Member, text: str, now: Moment) -> None:
        """`member` says `text` to `target` alone, who may ignore it.

        Never stored: a name is no account, and the next one of that name may be somebody else.

        Raises:
            Refused: It may not speak.
        """
        self._sanctions.check_voice(member, now.age)
        self._counts["whispers"] += 1
        message = Message(Kind.WHISPERED, text, member.shown, recipient=target.shown, at=now.wall)
        # Whoever is ignored is not told so: it would only be a reason to change the name.
        self._postbox.post(message, willing(member, dict.fromkeys((member, target))))

    def _speak(self, kind: Kind, member: Member, text: str, now: Moment, nonce: str) -> None:
        room = here(member)
        self._sanctions.check_voice(member, now.age)
        if len(self._postbox) >= self._limits.max_waiting:
            raise Refused("The disk cannot keep up; please say that again in a moment.")
        message = self._message(kind, member, room, text, now)
        if self._log_messages:
            log.info("%s in %s: %s", member.shown, room.name.shown, text)

        def shown(fate: Fate) -> Message | None:
            if fate is Fate.REPEATED:
                return None
            seen = replace(message, kept=False) if fate is Fate.HELD else message
            room.tail.append(seen)
            return seen

        write = AddMessage(room.name.key, message, nonce)
        self._postbox.post(shown, willing(member, room.members), write)

    def _message(self, kind: Kind, member: Member, room: Room, text: str, now: Moment) -> Message:
        self._counts["messages"] += 1
        self._last_id += 1
        if not room.saved or now.age - room.spoken > SILENCE:
            self._record(room.record())
        room.used = room.spoken = now.age
        return Message(
            kind, text, member.shown, room=room.name.shown, at=now.wall, id=self._last_id
        )
