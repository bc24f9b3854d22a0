"""Messages of members: to a room, which are stored, and to one member, which are not.

Rule of this file: the recipients of a message, and that it is stored before it is shown.
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
    """Sends messages of members.

    Args:
        postbox: The queue to the members.
        sanctions: The mutes.
        limits: `max_waiting` applies here.
        order: Gives messages their place in the order.
        counts: The counters for messages and whispers.
        log_messages: Whether the log contains what members say in rooms.
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
        """Send `text` from `member` to its room; for `nonce` see `AddMessage`.

        Raises:
            Refused: The member is muted, or too many messages are waiting already.
        """
        self._speak(Kind.SAID, member, text, now, nonce)

    def act(self, member: Member, text: str, now: Moment, nonce: str = "") -> None:
        """Send `text` as an action of `member`, in the third person.

        Raises:
            Refused: The member is muted, or too many messages are waiting already.
        """
        self._speak(Kind.ACTED, member, text, now, nonce)

    def whisper(self, member: Member, target: Member, text: str, now: Moment) -> None:
        """Send `text` from `member` to `target` alone, which may ignore it.

        Never stored: a name is not an account, and its next holder may be another person.

        Raises:
            Refused: The member is muted.
        """
        self._sanctions.check_voice(member, now.age)
        self._counts["whispers"] += 1
        message = Message(Kind.WHISPERED, text, member.shown, recipient=target.shown, at=now.wall)
        # An ignored member is not informed: that would only be a reason to change the name.
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
