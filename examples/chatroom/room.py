"""The hall: who is here, in which room, and what happens when somebody does something.

Rule of this file: plain Python; no sockets, no protocol, no clock (every moment is passed in).
Texts that come in here are clean already (session.py); doors clean once more on the way out.
A member is in exactly one room at a time, the lobby first: a plain line needs no address then.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from .history import History, MemoryHistory
from .limits import FloodGuard, Gate, Limits
from .members import Member, Outlet, Room
from .messages import Kind, Message, Moment
from .names import Name, Refused, check_name, fold
from .postbox import Postbox
from .text import shorten

log = logging.getLogger("chatroom")

LOBBY = Name("lobby", "lobby")


class Hall:
    """All rooms and all members.

    Args:
        limits: The limits in force.
        history: Where lines are remembered; in memory unless given.
        log_messages: Whether the log gets what people say; private lines never get there.
    """

    def __init__(
        self, limits: Limits, history: History | None = None, *, log_messages: bool = False
    ) -> None:
        self.limits = limits
        self.history = history if history is not None else MemoryHistory(limits.history_kept)
        self.rooms: dict[str, Room] = {LOBBY.key: Room(LOBBY)}
        self._gate = Gate(limits)
        self._members: dict[Member, None] = {}
        self._by_name: dict[str, Member] = {}
        self._log_messages = log_messages
        self._postbox = Postbox(self._broken)

    # Coming and going

    def connect(self, outlet: Outlet, address: str, now: Moment) -> Member:
        """Let a connection from `address` in, without a name yet.

        Raises:
            Refused: There are too many connections, in all or from there.
        """
        self._gate.enter(address)
        member = Member(outlet, address, FloodGuard(self.limits, now.mono), now.mono)
        self._members[member] = None
        return member

    def log_in(self, member: Member, raw: str, now: Moment) -> None:
        """Give `member` the name `raw` and let it into the lobby.

        Raises:
            Refused: The name cannot be had; the member is where it was.
        """
        self._claim(member, self._free_name(member, raw))
        log.info("%s logged in from %s.", member.shown, member.address)
        self.notify(member, f"Welcome, {member.shown}. /help lists the commands.")
        self._enter(member, self.rooms[LOBBY.key], now)

    def disconnect(self, member: Member, reason: str, now: Moment) -> None:
        """The connection is gone, and gives back its place; safe to call again.

        Every connection comes to this, also one that was dismissed before: until then it holds
        a descriptor, so it counts, or leaving and coming again would get around the limits.
        """
        member.reachable = False
        self._remove(member, reason, now.wall)
        if member.counted:
            member.counted = False
            self._gate.leave(member.address)

    def dismiss(
        self, member: Member, farewell: str, reason: str, now: Moment, words: str = ""
    ) -> None:
        """Say `farewell` to `member` as its last line and remove it.

        Others see `reason`, and the `words` of its own; these are speech, so the log gets only
        the reason.
        """
        self._postbox.post(Message(Kind.FAREWELL, farewell), (member,))
        self._remove(member, reason, now.wall, words)

    def close(self, farewell: str) -> None:
        """Say `farewell` to everybody at once; the hall is empty afterwards."""
        everybody = tuple(self._members)
        for member in everybody:
            self._forget(member)
        self._postbox.post(Message(Kind.FAREWELL, farewell), everybody)

    # Speaking

    def say(self, member: Member, text: str, now: Moment) -> None:
        """`member` says `text` to its room."""
        self._speak(Kind.SAID, member, text, now)

    def act(self, member: Member, text: str, now: Moment) -> None:
        """`member` does what `text` says, in the third person."""
        self._speak(Kind.ACTED, member, text, now)

    def whisper(self, member: Member, to: str, text: str, now: Moment) -> None:
        """`member` says `text` to the one called `to` alone, who may ignore it.

        Raises:
            Refused: There is nobody of that name.
        """
        target = self.find(to)
        message = Message(Kind.WHISPERED, text, member.shown, recipient=target.shown, at=now.wall)
        # Whoever is ignored is not told so: it would only be a reason to change the name.
        self._postbox.post(message, _willing(member, dict.fromkeys((member, target))))

    def notify(self, member: Member, text: str) -> None:
        """Tell `member` something as the server."""
        self._postbox.post(Message(Kind.NOTICE, text), (member,))

    def recall(self, member: Member, count: int) -> int:
        """Show `member` up to `count` remembered lines of its room; return how many."""
        shown = 0
        for message in self.history.last(here(member).name.key, count):
            if not member.ignores(fold(message.sender)):
                self._postbox.post(message, (member,))
                shown += 1
        return shown

    # Changing things

    def rename(self, member: Member, raw: str, now: Moment) -> None:
        """Give `member` another name; those who ignore it go on ignoring it.

        Raises:
            Refused: The name cannot be had.
        """
        old, new = _name_of(member), self._free_name(member, raw)
        self._claim(member, new)
        # Not by the new name: it may be somebody else's tomorrow, and there is no end of names.
        for other in self._members:
            if old.key in other.ignored:
                other.shunned.add(member)
        log.info("%s is now called %s.", old.shown, new.shown)
        message = Message(
            Kind.RENAMED, new.shown, old.shown, room=here(member).name.shown, at=now.wall
        )
        self._postbox.post(message, here(member).members)

    def join(self, member: Member, raw: str, now: Moment) -> None:
        """Move `member` into the room called `raw`, which is made if there is none.

        Raises:
            Refused: That is no name for a room, there are too many, or it is there already.
        """
        name = check_name(raw.removeprefix("#"), self.limits.max_name)
        room = self.rooms.get(name.key)
        if room is here(member):
            raise Refused(f"You are in {room.name.shown} already.")
        if room is None:
            if len(self.rooms) >= self.limits.max_rooms:
                raise Refused(f"There are {len(self.rooms)} rooms already, which is the limit.")
            room = self.rooms[name.key] = Room(name)
        self._exit(member, f"went to {room.name.shown}", now.wall)
        self._enter(member, room, now)

    def set_topic(self, member: Member, topic: str, now: Moment) -> None:
        """Set the topic of `member`'s room, cut to the longest allowed."""
        room = here(member)
        room.topic = shorten(topic, self.limits.max_topic)
        message = Message(Kind.TOPIC, room.topic, member.shown, room=room.name.shown, at=now.wall)
        self._postbox.post(message, room.members)

    def find(self, raw: str) -> Member:
        """Return the member called `raw`.

        Raises:
            Refused: There is nobody of that name.
        """
        found = self._by_name.get(fold(raw))
        if found is None:
            raise Refused(f"There is nobody called {shorten(raw, self.limits.max_name)} here.")
        return found

    # Inside

    def _free_name(self, member: Member, raw: str) -> Name:
        name = check_name(raw, self.limits.max_name)
        if self._by_name.get(name.key, member) is not member:
            raise Refused(f"The name {name.shown} is taken; please choose another.")
        return name

    def _claim(self, member: Member, name: Name) -> None:
        if member.name is not None:
            del self._by_name[member.name.key]
        member.name = name
        self._by_name[name.key] = member

    def _enter(self, member: Member, room: Room, now: Moment) -> None:
        member.room = room
        room.members[member] = None
        self.notify(member, describe(room))
        self.recall(member, self.limits.history_shown)
        message = Message(Kind.JOINED, "", member.shown, room=room.name.shown, at=now.wall)
        self._postbox.post(message, room.members)

    def _exit(self, member: Member, reason: str, wall: float) -> None:
        room = here(member)
        del room.members[member]
        member.room = None
        message = Message(Kind.LEFT, reason, member.shown, room=room.name.shown, at=wall)
        self._postbox.post(message, room.members)
        if not room.members and room.name != LOBBY:
            # The next people of that room's name shall not read what these have said.
            del self.rooms[room.name.key]
            self.history.forget(room.name.key)

    def _remove(self, member: Member, reason: str, wall: float, words: str = "") -> None:
        if not member.present:
            return
        self._forget(member)
        if member.room is not None:
            self._exit(member, f"{reason} ({words})" if words else reason, wall)
            log.info("%s left: %s.", member.shown, reason)

    def _forget(self, member: Member) -> None:
        member.present = False
        del self._members[member]
        for other in self._members:
            other.shunned.discard(member)
        if member.name is not None:
            del self._by_name[member.name.key]

    def _broken(self, member: Member, message: Message) -> None:
        member.reachable = False
        self._remove(member, "connection lost", message.at or 0.0)

    def _speak(self, kind: Kind, member: Member, text: str, now: Moment) -> None:
        room = here(member)
        message = Message(kind, text, member.shown, room=room.name.shown, at=now.wall)
        self.history.append(room.name.key, message)
        if self._log_messages:
            log.info("%s in %s: %s", member.shown, room.name.shown, text)
        self._postbox.post(message, _willing(member, room.members))


def here(member: Member) -> Room:
    """Return the room that a logged-in `member` is in."""
    if member.room is None:
        raise RuntimeError("This member is in no room: log it in first.")
    return member.room


def describe(room: Room) -> str:
    """Return one sentence on `room`: its topic and who is there."""
    topic = f" Topic: {room.topic}." if room.topic else ""
    people = ", ".join(member.shown for member in room.members)
    return f"You are in {room.name.shown}.{topic} Here: {people}."


def _name_of(member: Member) -> Name:
    if member.name is None:
        raise RuntimeError("This member has no name: log it in first.")
    return member.name


def _willing(speaker: Member, hearers: Iterable[Member]) -> list[Member]:
    key = _name_of(speaker).key
    return [member for member in hearers if not member.ignores(key)]
