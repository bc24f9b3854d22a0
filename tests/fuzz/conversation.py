"""Three people at two doors, whatever they send: who sees what, and that it ends well."""

from __future__ import annotations

from examples.chatroom.doors.line.rendering import LineRenderer
from examples.chatroom.doors.line.telnet import AreYouThere, Line, TelnetDecoder, TooLong
from examples.chatroom.doors.session import Session
from examples.chatroom.doors.web import events
from examples.chatroom.hall.hall import Hall
from examples.chatroom.hall.history import MemoryStore
from examples.chatroom.hall.limits import Limits
from examples.chatroom.hall.messages import Event, Kind, Message, Moment, Page, RoomView
from examples.chatroom.people.text import decode
from tests.fuzz.cursor import Cursor

LIMITS = Limits(
    max_line=200, max_rooms=6, history_kept=5, flood_burst=30, flood_strikes=5, new_rooms=100
)
WORDS = (
    b"/join ", b"/leave", b"/nick ", b"/msg ", b"/me ", b"/topic ", b"/ignore ", b"/quit", b"/who",
    b"/history", b"/search ", b"/lock ", b"/unlock", b"/rooms", b"/oper ", b"ann", b"bob", b"tea",
    b"sesame", b" ", b"\r\n", b"\xff\xfd\x01", b"\x1b[2J", "\u202e\u200d\u0410".encode(),
)  # fmt: skip


class Guest:
    """One person, what it is shown, and whether it should have been."""

    def __init__(self, hall: Hall, number: int, now: Moment) -> None:
        self.closed = False
        self._renderer = LineRenderer()
        self._decoder = TelnetDecoder(LIMITS.max_line, 50)
        place = hall.gate.enter(f"192.0.2.{number}")
        self.session = Session(hall, self, place, now, roaming=number == 2)
        self.rooms: set[str] = set()

    def deliver(self, event: Event) -> None:
        """Look at what is shown."""
        for line in self._renderer.lines(event):
            assert line.isprintable() or "\u200d" in line or "\u200c" in line
        events.encode(events.describe(event)).decode()
        if isinstance(event, RoomView):
            self.rooms.add(event.name)
        elif isinstance(event, Page):
            assert event.room in self.rooms
        elif isinstance(event, Message):
            self._check(event)

    def _check(self, message: Message) -> None:
        assert not self.closed, "something came after the farewell"
        self.closed = message.kind in (Kind.FAREWELL, Kind.CLOSING)
        if message.kind in (Kind.SAID, Kind.ACTED):
            assert message.room in self.rooms, "one heard what was said where one never was"
        if message.kind is Kind.WHISPERED:
            assert self.session.name in (message.sender, message.recipient)

    def types(self, data: bytes, now: Moment) -> None:
        """Send bytes, as the line door takes them."""
        for event in self._decoder.receive(data):
            match event:
                case Line(line):
                    self.session.receive(decode(line), now)
                case TooLong():
                    self.session.too_long(now)
                case AreYouThere():
                    self.session.are_you_there(now)


def talk(data: bytes) -> None:
    """Run one conversation, and look whether the hall is consistent at each step."""
    cursor, hall = Cursor(data), Hall(LIMITS, MemoryStore(20))
    now = Moment(1000.0, 1.7e9)
    guests = [Guest(hall, number, now) for number in range(3)]
    for guest, name in zip(guests, (b"ann\n", b"bob\n", b"eve\n"), strict=True):
        guest.types(name, now)
    while cursor:
        now = Moment(now.mono + cursor.byte(4), now.wall)
        step(cursor, guests[cursor.byte(3)], now)
        check(hall)
    for guest in guests:
        guest.session.lost("gone", now)
    check(hall)
    assert (hall.gate.taken, hall.members, len(hall.postbox)) == (0, (), 0)


def step(cursor: Cursor, guest: Guest, now: Moment) -> None:
    """Let one of them do one thing."""
    match cursor.byte(8):
        case 0:
            guest.types(cursor.take(cursor.byte(16)), now)
        case 1:
            guest.session.receive(decode(cursor.take(8)), now, room=word(cursor))
        case 2:
            guest.session.whisper(word(cursor), decode(cursor.take(8)), now)
        case 3:
            guest.session.page(word(cursor), cursor.byte(), now)
        case 4:
            guest.session.join(word(cursor), word(cursor), now)
        case _:
            sent = b"".join(WORDS[cursor.byte(len(WORDS))] for _ in range(1 + cursor.byte(3)))
            guest.types(sent + b"\n", now)


def word(cursor: Cursor) -> str:
    """One of the words that mean something."""
    return decode(WORDS[cursor.byte(len(WORDS))])


def check(hall: Hall) -> None:
    """Everybody is where the hall says, once; nobody has another's name; nothing grows."""
    for room in hall.rooms:
        assert all(room in member.rooms and member.present for member in room.members)
    named = [member for member in hall.members if member.name is not None]
    keys = [member.name.key for member in named if member.name is not None]
    assert len(keys) == len(set(keys))
    for member in named:
        assert member.room in member.rooms
        assert all(member in room.members for room in member.rooms)
        assert hall.names.find(member.shown) is member
    assert len(hall.rooms) <= LIMITS.max_rooms
