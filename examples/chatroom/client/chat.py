"""The client's state: its rooms, and which room is shown.

Rule of this file: the effect of each event on the state; no socket, no screen.
"""

from __future__ import annotations

from collections.abc import Callable

from ..doors.line.rows import INDENT
from ..people.text import shorten
from .events import LONGEST_TEXT, MOST_MESSAGES, Json, list_of, number_of, row_of, text_of, truth_of
from .palette import mentions_in
from .room import MOST_ROWS, Room, Row

MOST_ROOMS = 200
_NOTICES = frozenset({"notice", "farewell", "closing"})
_SPOKEN = frozenset({"said", "acted", "whispered"})


class Chat:
    """The state.

    Args:
        ask_page: Requests the page of a room before an id.
        ring: Called when a line mentions the user, or is for the user alone.

    Attributes:
        me: The user's name; empty before the log-in.
        rooms: By name, in the order they were entered.
        active: The room that is shown; an unnamed room before any was entered.
        directory: The names of all rooms, as the server last listed them.
        asked: Typed commands whose answers are lists to be shown.
    """

    def __init__(
        self,
        ask_page: Callable[[str, int], None] = lambda room, before: None,
        ring: Callable[[], None] = lambda: None,
    ) -> None:
        self.me = ""
        self.rooms: dict[str, Room] = {}
        self.active = Room("")
        self.directory: list[str] = []
        self.asked: set[str] = set()
        self.ask_page = ask_page
        self._ring = ring

    # Input from the server

    def handle(self, event: Json) -> None:
        """Handle one event.

        Raises:
            BadEvent: It is invalid.
        """
        kind = text_of(event, "kind")
        if kind in _NOTICES:
            self.tell(text_of(event, "text", LONGEST_TEXT))
        elif kind == "problem":
            words = text_of(event, "text", LONGEST_TEXT)
            self.tell(f"This client made a mistake: {words}")
        elif kind == "whispered":
            self._hear(self.active, row_of(event), event)
        elif (action := _ACTIONS.get(kind)) is not None:
            action(self, event)
        elif (change := _CHANGES.get(kind)) is not None:
            self._change(event, change)

    def tell(self, text: str) -> None:
        """Show a message of the client in the room that is shown."""
        self.active.add(Row("notice", text))

    def show(self, text: str) -> None:
        """Show a formatted line of the line door, or the row that continues the last one."""
        if text.startswith(INDENT) and self._may_go_on():
            text = f"{self.active.rows.pop().text} {text.lstrip()}"
        row = Row("text", shorten(text, LONGEST_TEXT))
        said = text.partition("] ")[2]
        own = said.startswith((f"{self.me}: ", f"{self.me} to ", f"* {self.me} "))
        row.mention = not own and not text.startswith("-- ") and bool(mentions_in(said, self.me))
        if row.mention:
            self._ring()
        self.active.add(row)

    def _may_go_on(self) -> bool:
        rows = self.active.rows
        return bool(rows) and rows[-1].kind == "text" and len(rows[-1].text) < LONGEST_TEXT

    # Actions of the user

    def go(self, name: str) -> None:
        """Show the room `name`, if the user is in it."""
        if name in self.rooms:
            self.active = self.rooms[name]
            self.active.unread, self.active.mentioned = 0, False

    def find(self, typed: str) -> str:
        """Return the user's room of this name, ignoring case; an empty string if there is none."""
        return next((name for name in self.rooms if name.casefold() == typed.casefold()), "")

    def step(self, by: int) -> None:
        """Show the room that is this many places further, cyclically."""
        names = list(self.rooms)
        if names:
            at = names.index(self.active.name) if self.active.name in names else -by
            self.go(names[(at + by) % len(names)])

    def note_command(self, line: str) -> None:
        """Note a typed command: the same answers arrive for requests that are not shown."""
        command = line.split()[:1]
        if command and command[0] in ("/history", "/look", "/rooms"):
            self.asked.add(command[0])

    def load_older(self) -> None:
        """Request the messages before the first row, if there are more and none are requested."""
        room = self.active
        if room.more and len(room.rows) >= MOST_ROWS:
            room.more = False
            self.tell(f"{MOST_ROWS} lines are held and no more; /search looks further back.")
        elif room.more and room.back_id and not room.loading:
            room.loading = True
            self.ask_page(room.name, room.back_id)

    def unload(self) -> None:
        """Forget pending requests: no answer to them will arrive."""
        self.asked.clear()
        for room in self.rooms.values():
            room.loading = False

    # Internal

    def _change(self, event: Json, change: Callable[[Room, str, str], object]) -> None:
        room = self.rooms.get(text_of(event, "room"))
        if room is not None:
            row = row_of(event)
            change(room, row.sender, row.text)
            if row.kind == "renamed" and row.sender == self.me:
                self.me = row.text
            self._hear(room, row, event)

    def _hear(self, room: Room, row: Row, event: Json) -> None:
        if truth_of(event, "quiet"):
            return
        self._mark(row)
        if room.add(row) and row.kind in _SPOKEN and row.sender != self.me:
            if room is not self.active:
                room.unread += 1
                room.mentioned = room.mentioned or row.mention
            if row.mention:
                self._ring()

    def _mark(self, row: Row) -> None:
        if row.kind in _SPOKEN and row.sender != self.me:
            row.mention = row.kind == "whispered" or bool(mentions_in(row.text, self.me))

    def _rows(self, event: Json, key: str) -> list[Row]:
        rows = [row_of(each) for each in list_of(event, key, MOST_MESSAGES)]
        for row in rows:
            self._mark(row)
        return rows

    def _enter(self, event: Json) -> None:
        name = text_of(event, "room")
        known = name in self.rooms
        if not known and len(self.rooms) >= MOST_ROOMS:
            self.tell(f"You are in too many rooms to show {name}.")
            return
        room = self.rooms.setdefault(name, Room(name))
        _describe(room, event)
        looked = self._was_asked("/look")
        rows, more = self._rows(event, "recent"), truth_of(event, "more")
        if not looked and (before := room.catch_up(rows, more=more)):
            self.ask_page(name, before)
        if not self.active.name:  # messages from before any room continue in the first one
            room.rows[:0] = self.active.rows
        if not known or self.active.name not in self.rooms:
            self.go(name)
        if looked:
            self._tell_of(room)

    def _tell_of(self, room: Room) -> None:
        locked = " (closed with a key)" if room.closed else ""
        self.tell(f"{room.name}{locked}: {', '.join(room.people)}")
        self.tell(f"Topic: {room.topic or '(none)'}")

    def _part(self, event: Json) -> None:
        name, why = text_of(event, "room"), text_of(event, "text", LONGEST_TEXT)
        room = self.rooms.pop(name, None)
        if room is not None and room is self.active:
            self.active = Room("")
            self.step(1)
        self.tell(f"You left {name}{f': {why}' if why else ''}.")

    def _page(self, event: Json) -> None:
        room = self.rooms.get(text_of(event, "room"))
        if room is None:
            return
        rows, more = self._rows(event, "messages"), truth_of(event, "more")
        before = number_of(event, "before")
        if not before and self._was_asked("/history"):
            self._show_past(rows)
            return
        if next_ := room.add_page(before, rows, more=more, next_id=number_of(event, "next")):
            self.ask_page(room.name, next_)

    def _found(self, event: Json) -> None:
        rows = self._rows(event, "messages")
        words, room = text_of(event, "query"), text_of(event, "room")
        least = "" if event.get("counted", True) else "at least "
        newest = f"; the newest {len(rows)}" if event.get("more") else ""
        total = event.get("total", len(rows)) or "No"
        self.tell(f"{least}{total} lines found in {room} with: {words}{newest}")
        self._show_past(rows)

    def _show_past(self, rows: list[Row]) -> None:
        """Show rows of the history apart from the talk; with ids for operators, for /forget."""
        numbered = self.active.people.get(self.me, False)
        for row in rows:
            row.label = f"[{row.id}] " if numbered else ""
            row.id, row.kind = 0, f"found {row.kind}"
            self.active.add(row)

    def _was_asked(self, command: str) -> bool:
        asked = command in self.asked
        self.asked.discard(command)
        return asked

    def _list_rooms(self, event: Json) -> None:
        rooms = list_of(event, "rooms")
        self.directory = [text_of(each, "name") for each in rooms]
        if self._was_asked("/rooms"):
            for each in rooms:
                self.tell(_room_line(each))

    def _forget(self, event: Json) -> None:
        for room in self.rooms.values():
            room.forget(number_of(event, "id"))


def _describe(room: Room, event: Json) -> None:
    room.topic, room.closed = text_of(event, "topic", LONGEST_TEXT), truth_of(event, "closed")
    room.people = {}
    for each in list_of(event, "people"):
        room.greet(text_of(each, "name"), operator=truth_of(each, "operator"))


def _room_line(entry: Json) -> str:
    name, topic = text_of(entry, "name"), text_of(entry, "topic", LONGEST_TEXT)
    closed = " (closed with a key)" if truth_of(entry, "closed") else ""
    return f"{name}{closed}: {number_of(entry, 'people')} here{f'. {topic}' if topic else ''}"


_ACTIONS: dict[str, Callable[[Chat, Json], None]] = {
    "room": Chat._enter,
    "parted": Chat._part,
    "page": Chat._page,
    "found": Chat._found,
    "rooms": Chat._list_rooms,
    "forgotten": Chat._forget,
}


def _rename(room: Room, old: str, new: str) -> None:
    room.people = {new if name == old else name: rank for name, rank in room.people.items()}


def _set_topic(room: Room, _: str, text: str) -> None:
    room.topic = text


def _close(room: Room, *_: str) -> None:
    room.closed = True


def _open(room: Room, *_: str) -> None:
    room.closed = False


_CHANGES: dict[str, Callable[[Room, str, str], object]] = {
    "said": lambda room, sender, text: None,
    "acted": lambda room, sender, text: None,
    "joined": lambda room, sender, text: room.greet(sender, operator=False),
    "left": lambda room, sender, text: room.people.pop(sender, None),
    "topic": _set_topic,
    "locked": _close,
    "unlocked": _open,
    "operator": lambda room, sender, text: room.greet(sender, operator=True),
    "renamed": _rename,
}
