"""Events rendered as lines of text.

Rule of this file: convert typed events to safe lines; no other file composes a line.

A member's words always follow the member's name.  Every sentence of the server begins with "--",
and no name can, so no member can imitate a line of the server.  Long lines are wrapped into rows
here; a terminal would wrap them so that "--" could begin a row: see rows.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, tzinfo

from ...hall.messages import (
    Event,
    Forgotten,
    Found,
    Kind,
    Message,
    Page,
    Parted,
    Receipt,
    RoomEntry,
    RoomList,
    RoomView,
)
from ...people.text import clean
from .rows import COLUMNS, rows_of

_LAYOUT: dict[Kind, Callable[[Message], str]] = {
    Kind.SAID: lambda message: f"{message.sender}: {message.text}",
    Kind.ACTED: lambda message: f"* {message.sender} {message.text}",
    Kind.WHISPERED: lambda message: (
        f"{message.sender} to {message.recipient} alone: {message.text}"
    ),
    Kind.JOINED: lambda message: f"-- {message.sender} came into {message.room}.",
    Kind.LEFT: lambda message: f"-- {message.sender} left {message.room}: {message.text}.",
    Kind.RENAMED: lambda message: f"-- {message.sender} is now called {message.text}.",
    Kind.TOPIC: lambda message: f"-- {message.sender} set the topic: {message.text}",
    Kind.OPERATOR: lambda message: f"-- {message.sender} is an operator now.",
    Kind.LOCKED: lambda message: f"-- {message.sender} closed {message.room} with a key.",
    Kind.UNLOCKED: lambda message: f"-- {message.sender} opened {message.room} to all.",
    Kind.NOTICE: lambda message: f"-- {message.text}",
    Kind.FAREWELL: lambda message: f"-- {message.text}",
    Kind.CLOSING: lambda message: f"-- {message.text}",
}

_NOW = "%H:%M"
_THEN = "%Y-%m-%d %H:%M"  # a result of a search may be from another day


class LineRenderer:
    """Renders events as lines, once for all recipients.

    The hall delivers one event to all its recipients before the next event, so caching the last one
    is enough: 200 members whose windows are equally wide share one bytes object.

    Args:
        zone: The time zone of the times shown; the machine's own by default.
    """

    def __init__(self, zone: tzinfo | None = None) -> None:
        self._zone = zone
        self._last: Event | None = None
        self._lines: list[str] = []
        self._encoded: dict[int, bytes] = {}

    def encode(self, event: Event, columns: int = COLUMNS) -> bytes:
        """Return `event` as UTF-8 rows with CR LF, the line end of telnet's network terminal.

        UTF-8 has no byte 255, so no byte has to be doubled for telnet.
        """
        if event is not self._last:
            self._last, self._lines = event, self.lines(event)
            self._encoded.clear()
        if columns not in self._encoded:
            rows = (row for line in self._lines for row in rows_of(line, columns))
            self._encoded[columns] = "".join(f"{row}\r\n" for row in rows).encode()
        return self._encoded[columns]

    def lines(self, event: Event) -> list[str]:
        """Return `event` as lines without their ends, safe for any terminal."""
        # Cleaned again although the input was cleaned: this is the last check before other members'
        # terminals, and a future history or door may let more through.
        match event:
            case Message(quiet=True):
                return []
            case Message():
                return [self._line(event, _NOW)]
            case RoomView():
                return [clean(f"-- {_describe(event)}"), *self._past(event.recent)]
            case Page(next=0):
                past = self._past(event.messages, numbered=event.numbered)
                return past or ["-- Nothing has been said here yet."]
            case Page():
                return ["-- What was said here last is all of people whom you ignore."]
            case Found():
                past = self._past(event.messages, numbered=event.numbered)
                return [clean(f"-- {_describe_search(event)}"), *past]
            case RoomList():
                return [clean(f"-- {_describe_entry(entry)}") for entry in event.rooms]
            case Parted():
                return [clean(f"-- {event.text}")] if event.text else []
            case Receipt() | Forgotten():
                return []  # the sender sees its own typed line; a sent line cannot be taken back

    def _past(self, messages: Iterable[Message], *, numbered: bool = False) -> list[str]:
        return [self._line(message, _THEN, numbered=numbered) for message in messages]

    def _line(self, message: Message, layout: str, *, numbered: bool = False) -> str:
        line = clean(_LAYOUT[message.kind](message))
        if message.at is None:
            return line
        mark = f", {message.id}" if numbered else ""
        mark += "" if message.kept else ", not kept"
        return f"[{datetime.fromtimestamp(message.at, self._zone).strftime(layout)}{mark}] {line}"


def _describe(view: RoomView) -> str:
    closed = ", which is closed with a key" if view.closed else ""
    topic = f" Topic: {view.topic}." if view.topic else ""
    people = ", ".join(
        f"{each.name} (operator)" if each.operator else each.name for each in view.people
    )
    return f"You are in {view.name}{closed}.{topic} Here: {people}."


def _describe_search(found: Found) -> str:
    if not found.messages:
        return f"Nothing was found for: {found.query}"
    total = f"{found.total}" if found.counted else f"At least {found.total}"
    newest = f"; the newest {len(found.messages)}" if found.more else ""
    return f"{total} found for: {found.query}{newest}"


def _describe_entry(entry: RoomEntry) -> str:
    closed = ", closed" if entry.closed else ""
    topic = f" - {entry.topic}" if entry.topic else ""
    return f"{entry.name} ({entry.people}{closed}){topic}"
