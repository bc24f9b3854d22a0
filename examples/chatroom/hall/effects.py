"""The effects of happenings: on a room, on the history, and on the members' displays.

Rule of this file: apply what already has its place in the order; refuse nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from .happening import Happening
from .history import AddMessage, Write
from .ledger import Fate
from .members import willing
from .messages import Kind, Message
from .notifier import Notifier
from .postbox import Postbox

SILENCE = 60.0
"""Seconds after which a room is stored again with the next message: the store forgets empty rooms,
and a message alone would restore a room without its topic and its key."""


class Effects:
    """Applies what happens in rooms.

    Args:
        postbox: The queue to the members and the store.
        notifier: Shows events to members.
        record: Stores what is not shown.
        last_id: The highest id that a message has had so far.
    """

    def __init__(
        self,
        postbox: Postbox,
        notifier: Notifier,
        record: Callable[[Write], None],
        last_id: int,
    ) -> None:
        self._postbox = postbox
        self._notifier = notifier
        self._record = record
        self._last_id = last_id

    def apply(self, happening: Happening) -> None:
        """Apply `happening`, after everything that was applied before."""
        match happening.message.kind:
            case Kind.SAID | Kind.ACTED:
                self._speak(happening)
            case Kind.TOPIC:
                happening.room.topic = happening.message.text
                happening.room.topic_by = happening.doer.key
                self._change(happening)
            case Kind.LOCKED | Kind.UNLOCKED:
                happening.room.lock = happening.lock
                self._change(happening)
            case _:
                self._show(happening, None)

    def _change(self, happening: Happening) -> None:
        self._show(happening, happening.room.record())

    def _show(self, happening: Happening, write: Write | None) -> None:
        self._notifier.to_room(
            happening.room,
            happening.doer,
            happening.message,
            happening.now,
            words=happening.words,
            write=write,
        )

    def _speak(self, happening: Happening) -> None:
        room, message = happening.room, self._numbered(happening)

        def shown(fate: Fate) -> Message | None:
            if fate is Fate.REPEATED:
                return None
            seen = replace(message, kept=False) if fate is Fate.HELD else message
            room.tail.append(seen)
            return seen

        write = AddMessage(room.name.key, message, happening.nonce)
        self._postbox.post(shown, willing(happening.doer, room.own()), write)

    def _numbered(self, happening: Happening) -> Message:
        room, age = happening.room, happening.now.age
        if not room.saved or age - room.spoken > SILENCE:
            self._record(room.record())
        room.used = room.spoken = age
        number = happening.message.id or self._last_id + 1
        room.newest = number
        self._last_id = max(self._last_id, number)
        shown, at = room.name.shown, happening.now.wall
        return replace(happening.message, room=shown, at=at, id=number)
