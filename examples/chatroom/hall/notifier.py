"""Shows events to one member, or to all members of a room.

Rule of this file: the content of an event; the postbox decides the order.
"""

from __future__ import annotations

from dataclasses import replace

from .history import Write
from .ledger import Fate
from .members import Member, Words
from .messages import Event, Kind, Message, Moment, RoomView
from .postbox import Postbox
from .room import Room


class Notifier:
    """Posts events.

    Args:
        postbox: The queue that delivers them.
    """

    def __init__(self, postbox: Postbox) -> None:
        self._postbox = postbox

    def notify(self, member: Member, text: str) -> None:
        """Send `member` a notice from the server."""
        self.show(member, Message(Kind.NOTICE, text))

    def show(self, member: Member, event: Event) -> None:
        """Show `event` to `member` alone, after everything that happened before."""
        self._postbox.post(event, (member,))

    def look(self, member: Member, room: Room, recent: int) -> None:
        """Show `member` its `room`, with up to `recent` of the last messages."""
        view = room.view(member)

        def look_back(_: Fate) -> RoomView:
            # Not before its turn: what is waiting for the store is not in the room's tail yet, and
            # its recipients are the members that were in the room when it was said.
            messages, more = room.recent(member, recent)
            return replace(view, recent=messages, more=more)

        self._postbox.post(look_back, (member,))

    def to_room(
        self,
        room: Room,
        doer: Member,
        message: Message,
        now: Moment,
        *,
        words: Words | None = None,
        write: Write | None = None,
    ) -> None:
        """Show `message` to all members of `room`, once `write` is stored.

        Args:
            room: The room.
            doer: The member that it is about; members that ignore it get it quietly.
            message: The message.
            now: The time.
            words: Appended to the text, for members that do not ignore their author.
            write: What must be stored first.
        """
        message = replace(message, room=room.name.shown, at=now.wall)
        views: dict[Message, list[Member]] = {message: []}
        for member in room.own():
            views.setdefault(_seen_by(member, doer, message, words), []).append(member)
        for view, recipients in views.items():
            self._postbox.post(view, recipients, write)
            write = None  # the other recipients wait behind the first


def _seen_by(member: Member, doer: Member, message: Message, words: Words | None) -> Message:
    if member.ignores(doer.key):
        # A change of name is shown to all: lists would be wrong without it.
        text = message.text if message.kind is Kind.RENAMED else ""
        return replace(message, text=text, quiet=True)
    if words is None or member.ignores(words.author.key):
        return message
    return replace(message, text=f"{message.text} ({words.text})")
