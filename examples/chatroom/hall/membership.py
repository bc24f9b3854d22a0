"""Joining and leaving rooms.

Rule of this file: which rooms a member is in, at least the lobby; the other members are notified.
"""

from __future__ import annotations

from collections.abc import Callable

from ..people.names import Refused
from .happening import Happening
from .holding import Answered, wait_for
from .limits import Limits
from .locks import make_lock
from .members import Member, Words
from .messages import Kind, Message, Moment, Parted, RoomList
from .notifier import Notifier
from .order import Order
from .room import LOBBY, Room, here
from .rooms import Rooms


class Membership:
    """Adds members to rooms and removes them.

    Args:
        limits: `max_rooms_joined`, `history_page` and `history_shown` apply here.
        rooms: The rooms.
        notifier: Shows the changes to members.
        order: Gives the changes their place in the order.
    """

    def __init__(self, limits: Limits, rooms: Rooms, notifier: Notifier, order: Order) -> None:
        self._limits = limits
        self._rooms = rooms
        self._notifier = notifier
        self._order = order

    def join(self, member: Member, raw: str, now: Moment, key: str = "") -> None:
        """Let `member` into the room called `raw`, which is made if it does not exist.

        The member leaves its present room, unless it is roaming.  A new room is closed with `key`,
        if one is given, because a member that gives a key does not expect an open room.  What it
        sends meanwhile is held if other servers have to be asked; a later refusal is sent as a
        notice.

        Raises:
            Refused: `raw` is not a valid name, there are too many rooms, the key is wrong or
                missing, the member is in the room already, or it is muted and so may not name a
                room.
        """
        if any(char.isspace() for char in key):
            raise Refused(
                "Neither the name of a room nor a key has spaces: /join ROOM, or /join ROOM KEY."
            )
        self._check_number(member)
        name = self._rooms.spell(raw)
        room = self._rooms.known(name)
        if room is not None:
            self._admit(member, room, now, key)
            return
        lock = make_lock(key) if key else ""
        self._rooms.check_new(name, member, now)
        self._wait(
            member,
            lambda answered: self._order.make_room(name, member, answered),
            lambda: self._admit(member, self._rooms.find(name.shown), now, key, lock),
        )

    def _admit(self, member: Member, room: Room, now: Moment, key: str, lock: str = "") -> None:
        if room in member.rooms:
            raise Refused(f"You are in {room.name.shown} already.")
        self._wait(
            member,
            lambda answered: self._order.open(room, answered),
            lambda: self._go(member, room, now, key, lock),
        )

    def _go(self, member: Member, room: Room, now: Moment, key: str, lock: str) -> None:
        if self._rooms.known(room.name) is not room:
            raise Refused(f"There is no room called {room.name.shown} any more.")
        self._rooms.check_key(room, member, key, now)
        if not member.roaming:
            self.exit(member, here(member), f"went to {room.name.shown}", now)
        self.enter(member, room, now)
        if lock and room.founder == member.key:
            self._close_new(member, room, lock, now)
        elif key and not room.lock:
            self._notifier.notify(member, f"{room.name.shown} is open to all; it needs no key.")

    def _close_new(self, member: Member, room: Room, lock: str, now: Moment) -> None:
        shown = room.name.shown
        message = Message(Kind.LOCKED, "", member.shown)
        self._order.submit(Happening(room, member, message, now, lock=lock))
        text = f"{shown} is a new room, closed with your key: /join {shown} KEY lets others in."
        self._notifier.notify(member, text)

    def _wait(
        self, member: Member, ask: Callable[[Answered], None], granted: Callable[[], None]
    ) -> None:
        def refused(refusal: Refused) -> None:
            if member.present:
                self._notifier.notify(member, str(refusal))

        wait_for(member.holding, ask, lambda: granted() if member.present else None, refused)

    def _check_number(self, member: Member) -> None:
        if member.roaming and len(member.rooms) >= self._limits.max_rooms_joined:
            raise Refused("You are in as many rooms as you may; leave one of them first.")

    def leave(self, member: Member, room: Room, now: Moment) -> None:
        """Let `member` leave `room`, for the lobby if it is in no other room.

        Raises:
            Refused: It is only in the lobby, where every member is at least.
        """
        if room is self._rooms.lobby and len(member.rooms) == 1:
            raise Refused("You are in the lobby already; /quit leaves the chat room.")
        if member.roaming:
            self.part(member, room, "went away", now)
        else:
            self.join(member, LOBBY.shown, now)

    def part(self, member: Member, room: Room, reason: str, now: Moment, why: str = "") -> None:
        """Remove `member` from `room`, to the lobby if it is in no other; show it `why`."""
        self.exit(member, room, reason, now)
        self._notifier.show(member, Parted(room.name.shown, why))
        if not member.rooms:
            self.enter(member, self._rooms.lobby, now)

    def list_rooms(self, member: Member) -> None:
        """Show the list of rooms to `member`."""
        entries = tuple(room.entry(member) for room in self._rooms)
        self._notifier.show(member, RoomList(entries))

    def forget_room(self, room: Room, why: str, now: Moment) -> None:
        """Remove all members from `room`, and delete the room and its messages."""
        for member in tuple(room.own()):
            if member in room.members:  # the notice may have closed its connection
                self.part(member, room, "the room was forgotten", now, why)
        for member in tuple(room.members):
            del room.members[member], member.rooms[room]
        self._rooms.drop(room)

    def enter(self, member: Member, room: Room, now: Moment) -> None:
        """Add `member` to `room`, show it the room, and notify the others."""
        if not member.present:  # lost while it was being notified
            return
        room.members[member] = member.rooms[room] = None
        member.room = room
        limits = self._limits
        recent = limits.history_page if member.roaming else limits.history_shown
        self._notifier.look(member, room, recent)
        if member in room.members:  # otherwise the view has closed its connection
            self._order.submit(Happening(room, member, _joined(member), now))
        self._order.changed(member)

    def exit(
        self, member: Member, room: Room, reason: str, now: Moment, words: Words | None = None
    ) -> None:
        """Remove `member` from `room`, and show `reason` and `words` to the others."""
        del room.members[member], member.rooms[room]
        if member.room is room:
            member.room = next(reversed(member.rooms), None)
        message = Message(Kind.LEFT, reason, member.shown)
        self._order.submit(Happening(room, member, message, now, words))
        self._order.changed(member)
        self._rooms.left(room, now)


def _joined(member: Member) -> Message:
    return Message(Kind.JOINED, "", member.shown)
