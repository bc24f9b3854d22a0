"""All rooms: finding, making and dropping them.

Rule of this file: which rooms exist; the hall moves members.

A room with messages outlives its members and keeps its topic and its key; it exists after a restart
of the server as well.  A room without messages is dropped with its last member.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator

from ..people.names import Name, Refused, check_name
from ..people.sanctions import Sanctions
from .history import ForgetRoom, Remembered, Write
from .limits import Limits
from .locks import lock_matches
from .members import Member
from .messages import Moment
from .order import Order
from .room import LOBBY, Room
from .throttle import Throttle

MINUTE = 60.0
KEY_PAUSE = 10.0  # seconds until one more key may be tried
SITE = 10  # times as many from a whole IPv6 /48


class Rooms:
    """The rooms, by their keys.

    Args:
        limits: The limits on rooms.
        remembered: What the store contained at the start.
        record: Stores a change.
        sanctions: The mutes: a muted member may not name a room.
        order: Decides with the other servers which rooms are dropped.
    """

    def __init__(
        self,
        limits: Limits,
        remembered: Remembered,
        record: Callable[[Write], None],
        sanctions: Sanctions,
        order: Order,
    ) -> None:
        self._limits = limits
        self._record = record
        self._sanctions = sanctions
        self._order = order
        self._making = Throttle(1 / MINUTE, limits.new_rooms)
        # The second is for IPv6 /48s: 65,536 sources of the first kind, possibly of one person.
        self._guessing = tuple(
            Throttle(times / KEY_PAUSE, times * limits.key_guesses) for times in (1, SITE)
        )
        self._rooms: dict[str, Room] = {LOBBY.key: self._empty(LOBBY)}
        self._looks: dict[str, Room] = {LOBBY.skeleton: self.lobby}
        self._restore(remembered)

    @property
    def lobby(self) -> Room:
        """The room that every member enters first, and that is never dropped."""
        return self._rooms[LOBBY.key]

    def __len__(self) -> int:
        """Return the number of rooms."""
        return len(self._rooms)

    def __iter__(self) -> Iterator[Room]:
        """Iterate over the rooms, the oldest first."""
        return iter(tuple(self._rooms.values()))

    def find(self, raw: str) -> Room:
        """Return the room called `raw`.

        Raises:
            Refused: It does not exist.
        """
        name = self.spell(raw)
        room = self.known(name)
        if room is None:
            raise Refused(f"There is no room called {name.shown}.")
        return room

    def known(self, name: Name) -> Room | None:
        """Return the room called `name`; None if it does not exist."""
        return self._rooms.get(name.key)

    def spell(self, raw: str) -> Name:
        """Return the room name that `raw` spells.

        Raises:
            Refused: `raw` is not a valid name.
        """
        return check_name(raw.removeprefix("#"), self._limits.max_name)

    def make(self, name: Name, founder: str = "", origin: str = "") -> Room:
        """Return the room called `name`, which is made if it does not exist; see `check_new`."""
        room = self._rooms.get(name.key)
        if room is None:
            room = self._add(name)
            room.founder, room.origin = founder, origin
        return room

    def check_key(self, room: Room, member: Member, key: str, now: Moment) -> None:
        """Return if `room` is open, if `key` opens it, or if `member` is an operator.

        Raises:
            Refused: The key is wrong, or there were too many wrong ones.
        """
        if not room.lock or member.operator:
            return
        guesses = list(zip(self._guessing, member.place.sources, strict=False))
        if any(throttle.spent(source, now.mono) for throttle, source in guesses):
            raise Refused("Too many keys were tried from your address; please wait a while.")
        if not lock_matches(room.lock, key):
            for throttle, source in guesses:
                throttle.take(source, now.mono)
            raise Refused(f"{room.name.shown} is closed; come in with /join ROOM KEY.")

    def drop(self, room: Room) -> None:
        """Delete `room` and its messages; safe if it is deleted already."""
        if self._rooms.pop(room.name.key, None) is None:
            return
        del self._looks[room.name.skeleton]
        if room.saved:
            self._record(ForgetRoom(room.name.key))

    def left(self, room: Room, now: Moment) -> None:
        """Drop `room` after a member left, if it is empty and without messages."""
        room.used = now.age
        if not room.members and not room.saved and room is not self.lobby:
            self._order.deserted(room, now)

    def check_new(self, name: Name, member: Member, now: Moment) -> None:
        """Return if `member` may make the room `name`, which does not exist yet.

        Raises:
            Refused: It looks like another room's name, there are too many, or `member` is muted.
        """
        self._sanctions.check_voice(member, now.age)  # other members read the name
        alike = self._looks.get(name.skeleton)
        if alike is not None:
            raise Refused(f"That looks like the room {alike.name.shown}; please choose another.")
        if not self._making.take(member.place.source, now.mono):
            raise Refused("Too many new rooms from your address; please wait a minute.")
        most, origin = self._limits.rooms_per_address, member.place.sources[-1]
        made = [room for room in self if room.origin == origin]
        if len(made) >= most and not self._drop_deserted(made, now):
            raise Refused(f"There are {most} rooms already that were made from your address.")
        if len(self) >= self._limits.max_rooms and not self._drop_deserted(self, now):
            raise Refused(f"There are {len(self)} rooms already, which is the limit.")

    def _drop_deserted(self, rooms: Iterable[Room], now: Moment) -> bool:
        """Drop the one of `rooms` that has been unused longest, if it is deserted."""
        empty = [room for room in rooms if not room.members and room is not self.lobby]
        for room in empty:
            room.used = min(room.used, now.age)  # a room whose age is unknown ages from here on
        deserted = [room for room in empty if now.age - room.used > self._limits.room_rest]
        if deserted:
            self._order.forget_room(min(deserted, key=lambda room: room.used), "", now)
        return bool(deserted)

    def _add(self, name: Name) -> Room:
        room = self._rooms[name.key] = self._looks[name.skeleton] = self._empty(name)
        return room

    def _empty(self, name: Name) -> Room:
        return Room(name, deque(maxlen=self._limits.history_kept))

    def _restore(self, remembered: Remembered) -> None:
        for record, recent in remembered.rooms:
            room = self._restored(record.shown)
            if room is not None:
                room.topic, room.lock, room.founder = record.topic, record.lock, record.founder
                room.saved = True
                room.tail.extend(recent)
                room.newest = recent[-1].id if recent else 0
                # A room whose age is unknown is not deserted before it is first checked.
                room.used = remembered.used.get(record.key, math.inf)

    def _restored(self, shown: str) -> Room | None:
        try:
            name = check_name(shown, self._limits.max_name)
        except Refused:
            return None
        return self._rooms.get(name.key) or self._add(name)
