"""The rooms of all nodes, and which of them this node follows.

Rule of this file: the registry, and opening and closing readers; the events of a room are in
room_reader.py.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace

from ..hall.holding import Answered
from ..hall.members import Member
from ..hall.messages import Moment
from ..hall.room import LOBBY, Room
from ..people.names import Name, Refused
from .bodies import Registered, Sign, signs_of
from .interface import Alike, Away, Body, Full, TooMany
from .numbers import place_of
from .room_reader import RoomReader
from .roster import HALL
from .site import Site

LINGER = 30
"""Ticks that a room is followed after the last member has left: a reload brings a member back."""
EMPTY = 60
"""Ticks that a room without members and without messages is kept."""

AWAY = "The link to the other servers is down: a new room can be made when it is back."
UNKNOWN = "The link to the other servers is down: that room can be joined when it is back."


class Rooms:
    """The rooms of all nodes.

    Args:
        site: The node.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._known: dict[str, Registered] = {}
        self._readers: dict[str, RoomReader] = {}
        self._opening: dict[str, list[Answered]] = {}
        self._making: dict[str, list[Answered]] = {}
        self._empty: dict[str, int] = {}

    def __len__(self) -> int:
        """Return how many rooms are followed."""
        return len(self._readers)

    @property
    def readers(self) -> tuple[RoomReader, ...]:
        """Return the readers of the followed rooms."""
        return tuple(self._readers.values())

    def start(self) -> None:
        """Follow the lobby permanently."""
        self.register(Registered(LOBBY.key, LOBBY, f"room:{LOBBY.key}", 0, spoken=True))
        self._follow(self._site.hall.rooms.lobby)

    def reader(self, room: Room) -> RoomReader | None:
        """Return the reader of `room`; None if it is not followed."""
        return self._readers.get(room.name.key)

    def known(self, key: str) -> Registered | None:
        """Return the hall's feed's entry for the room with this key."""
        return self._known.get(key)

    def by_number(self, number: int) -> Registered | None:
        """Return the room with this number."""
        return next((each for each in self._known.values() if each.number == number), None)

    # Entering

    def make(self, name: Name, member: Member, answered: Answered) -> None:
        """Request a new room; the answer comes when the hall's feed contains it."""
        feed = _new_feed(name)

        def decided(answer: int | Alike | TooMany | Away) -> None:
            refusal = _refusal(answer)
            if refusal is not None or name.key in self._known:
                answered(refusal)
            else:
                self._making.setdefault(name.key, []).append(answered)

        self._ask(Registered(name.key, name, feed, 0, member.key), decided)

    def open(self, room: Room, answered: Answered) -> None:
        """Follow `room`; the answer comes when its state here is up to date.

        While the engine is away, the answer comes at once, with what this node knows.
        """
        if room.name.key not in self._known:
            answered(Refused(UNKNOWN))
            return
        reader = self._readers.get(room.name.key) or self._follow(room)
        if reader.live or not self._site.engine.up:
            answered(None)
        else:
            self._opening.setdefault(room.name.key, []).append(answered)

    def live(self, key: str) -> None:
        """Answer the requests for a room that has become up to date."""
        for answered in self._opening.pop(key, []):
            answered(None)

    def let_in(self) -> None:
        """Answer all requests: the engine is away."""
        for key in tuple(self._opening):
            self.live(key)
        for key in tuple(self._making):
            for answered in self._making.pop(key):
                answered(Refused(AWAY))

    # The registry

    def register(self, registered: Registered) -> None:
        """Note a room of the hall's feed, new or repeated."""
        key, before = registered.key, self._known.get(registered.key)
        self._known[key] = registered
        room = self._site.hall.rooms.make(registered.name, registered.founder)
        reader = self._readers.get(key)
        if reader is not None and before is not None and before.feed != registered.feed:
            self._unfollow(key)
            self._follow(room)
        elif reader is not None:
            reader.registered = registered
        else:
            self._list(room)  # the hall's feed may have listed members there before
        if registered.spoken and not room.saved:
            self._site.hall.record(room.record())
        for answered in self._making.pop(key, []):
            answered(None)

    def offer(self, room: Room) -> None:
        """Register `room` in the engine, which has lost it or never had it."""
        if room.name.key == LOBBY.key:
            return
        before = self._known.get(room.name.key)
        feed = _new_feed(room.name) if before is None else before.feed
        known = Registered(room.name.key, room.name, feed, 0, room.founder, spoken=True)

        def decided(answer: int | Alike | TooMany | Away) -> None:
            if isinstance(answer, int):
                for sign in signs_of(room):
                    self._put_up(sign)

        self._ask(known, decided)

    def restore(self, state: Mapping[str, Body]) -> None:
        """Restore in the engine what it has lost of the rooms that this node follows."""
        for key, reader in self._readers.items():
            for sign in signs_of(reader.room):
                if f"{sign.what}/{key}" not in state:
                    self._put_up(sign)
            if reader.room.saved:
                try:
                    self.spoken(reader)
                except Full:
                    self._site.roster.behind = True

    def _put_up(self, sign: Sign) -> None:
        try:
            self.put_up(sign)
        except Full:
            self._site.roster.behind = True

    def _ask(
        self, known: Registered, decided: Callable[[int | Alike | TooMany | Away], None]
    ) -> None:
        body = known.body()
        del body["number"]
        most = self._site.hall.limits.max_rooms
        self._site.engine.make_room(known.key, known.name.skeleton, body, most, decided)

    def put_up(self, sign: Sign) -> None:
        """Publish a room's sign to the nodes that do not follow the room.

        Raises:
            Full: The queue is full.
        """
        if sign.key != LOBBY.key:
            body = sign.body()
            self._site.outgoing.send(HALL, body, state={f"{sign.what}/{sign.key}": body})

    def sign(self, sign: Sign) -> None:
        """Apply a sign of the hall's feed; a room that is followed has it by its own feed."""
        for room in self._site.hall.rooms:
            if room.name.key == sign.key and sign.key not in self._readers:
                sign.put(room)

    def spoken(self, reader: RoomReader) -> None:
        """Note a message or a sign in a room, which therefore outlives its members.

        Raises:
            Full: The queue is full.
        """
        if not reader.registered.spoken:
            known = replace(reader.registered, spoken=True)
            body = known.body()
            self._site.outgoing.send(HALL, body, state={known.field: body})
            reader.registered = known

    def forget(self, room: Room, why: str) -> None:
        """Delete `room` at all nodes.

        Raises:
            Full: The queue is full.
        """
        key = room.name.key
        now_at = round(self._site.hall.last_tick.wall * 1000)
        state: dict[str, Body | None] = {
            f"{what}/{key}": None for what in ("room", "topic", "lock")
        }
        state[f"forgotten/{key}"] = {"at": now_at}
        feed = known.feed if (known := self._known.get(key)) else ""
        body = {"do": "forget_room", "key": key, "feed": feed, "why": why}
        self._site.outgoing.send(HALL, body, state=state, lasting=True)

    def forgotten(self, key: str, feed: str, why: str, now: Moment) -> None:
        """Handle the deletion of a room in the hall's feed."""
        known = self._known.get(key)
        if key == LOBBY.key or (known is not None and feed and known.feed != feed):
            return  # it has been created again since
        self._known.pop(key, None)
        self._unfollow(key)
        for room in self._site.hall.rooms:
            if room.name.key == key:
                self._site.hall.membership.forget_room(room, why, now)
        for distant in self._site.elsewhere:
            self._site.elsewhere.tidy(distant)

    def is_older(self, room: Room, at: int) -> bool:
        """Return whether all that this node knows of `room` is from before the time `at`."""
        return place_of(room.newest) <= at and not any(room.own())

    # Maintenance

    def tick(self) -> None:
        """Stop following rooms without members here, and delete rooms that are empty everywhere."""
        for key, reader in tuple(self._readers.items()):
            reader.idle = 0 if any(reader.room.own()) else reader.idle + 1
            if reader.idle > LINGER and key != LOBBY.key:
                self._unfollow(key)
                self._list(reader.room)
        for key in tuple(self._empty):
            self._count_empty(key)

    def deserted(self, room: Room) -> None:
        """Handle the exit of the last member from a room without messages."""
        self._empty[room.name.key] = 0

    def _count_empty(self, key: str) -> None:
        room = next((each for each in self._site.hall.rooms if each.name.key == key), None)
        if room is None or room.members or room.saved:
            del self._empty[key]
            return
        self._empty[key] += 1
        if self._empty[key] > EMPTY and self._site.engine.up:
            del self._empty[key]
            try:
                self.forget(room, "The room was empty.")
            except Full:
                self.deserted(room)

    def _follow(self, room: Room) -> RoomReader:
        key = room.name.key
        reader = RoomReader(self._site, room, self._known[key], lambda: self.live(key))
        self._readers[key] = reader
        self._site.engine.follow(reader.registered.feed, reader, reader.since)
        return reader

    def _unfollow(self, key: str) -> None:
        reader = self._readers.pop(key, None)
        if reader is not None:
            self._site.engine.unfollow(reader.registered.feed)
            self.live(key)

    def _list(self, room: Room) -> None:
        """Let the hall's feed alone decide the members of `room` from now on."""
        for distant in self._site.elsewhere:
            member = distant.member
            if room.name.key in distant.listed:
                room.members[member] = member.rooms[room] = None
            elif room in member.rooms:
                del room.members[member], member.rooms[room]
                self._site.elsewhere.tidy(distant)


def _new_feed(name: Name) -> str:
    return f"room:{name.key}.{secrets.token_hex(6)}"


def _refusal(answer: int | Alike | TooMany | Away) -> Refused | None:
    match answer:
        case Alike(shown):
            return Refused(f"That looks like the room {shown}; please choose another.")
        case TooMany():
            return Refused("There are as many rooms already as there may be.")
        case Away():
            return Refused(AWAY)
    return None
