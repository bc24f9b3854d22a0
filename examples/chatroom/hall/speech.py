"""What people say: to a room, which is remembered, and to one person, which is not.

Rule of this file: who hears it, and that it is stored before it is shown.
"""

from __future__ import annotations

import logging
from collections import Counter

from ..people.names import Refused
from ..people.sanctions import Sanctions
from .happening import Happening
from .limits import Limits
from .members import Member, willing
from .messages import Kind, Message, Moment
from .order import Order
from .postbox import Postbox
from .room import here

log = logging.getLogger("chatroom")


class Speech:
    """The way of words.

    Args:
        postbox: Where they go.
        sanctions: Who has to be silent.
        limits: `max_waiting` counts here.
        order: Gives what is said its place.
        counts: Where messages and whispers are counted.
        log_messages: Whether the log gets what people say in rooms.
    """

    def __init__(
        self,
        postbox: Postbox,
        sanctions: Sanctions,
        limits: Limits,
        order: Order,
        counts: Counter[str],
        *,
        log_messages: bool,
    ) -> None:
        self._counts = counts
        self._postbox = postbox
        self._sanctions = sanctions
        self._limits = limits
        self._order = order
        self._log_messages = log_messages

    def say(self, member: Member, text: str, now: Moment, nonce: str = "") -> None:
        """`member` says `text` to its room; see `AddMessage` for the `nonce`.

        Raises:
            Refused: It may not speak, or too much waits already.
        """
        self._speak(Kind.SAID, member, text, now, nonce)

    def act(self, member: Member, text: str, now: Moment, nonce: str = "") -> None:
        """`member` does what `text` says, in the third person.

        Raises:
            Refused: It may not speak, or too much waits already.
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
        if self._log_messages:
            log.info("%s in %s: %s", member.shown, room.name.shown, text)
        message = Message(kind, text, member.shown)
        self._order.submit(Happening(room, member, message, now, nonce=nonce))
        self._counts["messages"] += 1
