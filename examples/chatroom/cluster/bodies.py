"""The bodies of entries: writing and parsing them.

Rule of this file: between JSON objects and typed values; no engine, no hall.

Input may come from another version, or from any client with the engine's password: each
value has its type, each text its limit, and is cleaned like any untrusted input.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..hall.messages import Kind
from ..hall.room import Room
from ..people.addresses import network_of
from ..people.names import Name
from .interface import Body
from .values import (
    LONGEST,
    LONGEST_KEY,
    LONGEST_NAME,
    BadBody,
    Ref,
    flag_of,
    name_of,
    number_of,
    ref_of,
    text_of,
)

MOST_ROOMS = 1000

TEXTS = frozenset({Kind.SAID, Kind.ACTED})
ROOM_KINDS = {
    kind.value: kind
    for kind in (
        *(Kind.SAID, Kind.ACTED, Kind.JOINED, Kind.LEFT, Kind.RENAMED),
        *(Kind.TOPIC, Kind.OPERATOR, Kind.LOCKED, Kind.UNLOCKED),
    )
}


@dataclass(frozen=True, slots=True)
class Profile:
    """A member as other nodes know it.

    Attributes:
        ref: Its reference.
        name: Its name.
        address: The network address that it connects from.
        node: Its node.
        operator: Whether it is an operator.
        version: Grows with each change, since two feeds report it.
        rooms: The keys of its rooms.
        replaces: The reference of the same person at another node before.
    """

    ref: Ref
    name: Name
    address: str
    node: str
    operator: bool = False
    version: int = 0
    rooms: tuple[str, ...] = ()
    replaces: Ref | None = None

    def body(self) -> dict[str, Any]:
        """Return its form in a state."""
        made: dict[str, Any] = {
            "do": "member",
            "m": [self.ref.incarnation, self.ref.number],
            "name": self.name.shown,
            "address": self.address,
            "node": self.node,
            "operator": self.operator,
            "v": self.version,
            "rooms": list(self.rooms),
        }
        if self.replaces is not None:
            made["replaces"] = [self.replaces.incarnation, self.replaces.number]
        return made


@dataclass(frozen=True, slots=True)
class Told:
    """An event in a room, as its feed contains it.

    Attributes:
        kind: The kind of event.
        profile: The member that it is about, as it was then.
        sender: The name that is shown: the old name, for RENAMED.
        text: The words.
        lock: For LOCKED: the hash of the key.
        by: The name of the member that added `words` to it.
        words: The added words.
        again: For JOINED: it was there already, only the engine did not know.
    """

    kind: Kind
    profile: Profile
    sender: str
    text: str = ""
    lock: str = ""
    by: str = ""
    words: str = ""
    again: bool = False

    def body(self) -> dict[str, Any]:
        """Return its form in the feed."""
        made = {**self.profile.body(), "do": self.kind.value, "sender": self.sender}
        del made["rooms"]
        for key in ("text", "lock", "by", "words", "again"):
            if value := getattr(self, key):
                made[key] = value
        return made


@dataclass(frozen=True, slots=True)
class Registered:
    """A room as the hall's feed contains it.

    Attributes:
        key: Its key.
        name: Its name.
        feed: The feed of its events; a new one each time a room of that name is made.
        number: Its number, a part of its messages' ids.
        founder: The key of the name of the member that made it.
        spoken: Whether it has a message or a sign, so that it outlives its members.
    """

    key: str
    name: Name
    feed: str
    number: int
    founder: str = ""
    spoken: bool = False

    @property
    def field(self) -> str:
        """Return its field in the hall's state."""
        return f"room/{self.key}"

    def body(self) -> dict[str, Any]:
        """Return its form in the state."""
        return {
            "do": "room",
            "key": self.key,
            "shown": self.name.shown,
            "feed": self.feed,
            "number": self.number,
            "founder": self.founder,
            "spoken": self.spoken,
        }


@dataclass(frozen=True, slots=True)
class Sign:
    """The sign of a room: its topic, or its lock.

    Attributes:
        key: The room's key.
        what: ``"topic"`` or ``"lock"``.
        text: The topic, or the hash of the key.
        by: The key of the name of the member that set it.
    """

    key: str
    what: str
    text: str
    by: str = ""

    def body(self) -> dict[str, Any]:
        """Return its form in a state."""
        return {"do": self.what, "key": self.key, "text": self.text, "by": self.by}

    def put(self, room: Room) -> None:
        """Apply it to `room`."""
        if self.what == "topic":
            room.topic, room.topic_by = self.text, self.by
        else:
            room.lock = self.text


def signs_of(room: Room) -> list[Sign]:
    """Return the signs of `room`."""
    key = room.name.key
    signs = Sign(key, "topic", room.topic, room.topic_by), Sign(key, "lock", room.lock)
    return [each for each in signs if each.text]


def sign_of(body: Body) -> Sign:
    """Return the sign in `body`.

    Raises:
        BadBody: It is invalid.
    """
    what = text_of(body, "do", LONGEST_NAME)
    if what not in ("topic", "lock"):
        raise BadBody("an unknown sign")
    key, by = text_of(body, "key", LONGEST_KEY), text_of(body, "by", LONGEST_KEY, "")
    return Sign(key, what, text_of(body, "text", LONGEST), by)


def registered_of(body: Body) -> Registered:
    """Return the room in `body`.

    Raises:
        BadBody: It is invalid.
    """
    name = name_of(body, "shown")
    feed = text_of(body, "feed", LONGEST_KEY)
    if name.key != body.get("key") or not feed.startswith("room:") or {"{", "}"} & set(feed):
        raise BadBody("a room's key or feed is wrong")
    number = number_of(body, "number")
    if number > 4095:
        raise BadBody("a room's number is too high")
    return Registered(
        name.key,
        name,
        feed,
        number,
        text_of(body, "founder", LONGEST_KEY, ""),
        flag_of(body, "spoken"),
    )


def profile_of(body: Body) -> Profile:
    """Return the member in `body`.

    Raises:
        BadBody: It is invalid.
    """
    address = text_of(body, "address", LONGEST_KEY)
    if network_of(address, every_address=True) is None:
        raise BadBody("an address is wrong")
    rooms = body.get("rooms", [])
    if not isinstance(rooms, list) or len(rooms) > MOST_ROOMS:
        raise BadBody("a list of rooms is wrong")
    keys = tuple(text_of({"room": key}, "room", LONGEST_KEY) for key in rooms)
    return Profile(
        ref_of(body, "m"),
        name_of(body, "name"),
        address,
        text_of(body, "node", LONGEST_NAME),
        flag_of(body, "operator"),
        number_of(body, "v"),
        keys,
        ref_of(body, "replaces") if "replaces" in body else None,
    )


def told_of(body: Body) -> Told:
    """Return the event in `body`.

    Raises:
        BadBody: It is invalid.
    """
    kind = ROOM_KINDS.get(text_of(body, "do", LONGEST_NAME))
    if kind is None:
        raise BadBody("an unknown kind")
    return Told(
        kind,
        profile_of(body),
        name_of(body, "sender").shown,
        text_of(body, "text", LONGEST, ""),
        text_of(body, "lock", LONGEST_KEY, ""),
        text_of(body, "by", LONGEST_NAME, ""),
        text_of(body, "words", LONGEST, ""),
        flag_of(body, "again"),
    )
