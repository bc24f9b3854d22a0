"""How a message looks as a line of text.

Rule of this file: typed messages in, safe lines out; the only place where a line is put together.

What people say always stands behind their name, and every sentence of the server's begins with
"--", which no name can: so nobody can say something that looks as if the server had said it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo

from .messages import Kind, Message
from .text import clean

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
    Kind.NOTICE: lambda message: f"-- {message.text}",
    Kind.FAREWELL: lambda message: f"-- {message.text}",
}


class LineRenderer:
    """Turns messages into lines, once for all who get them.

    The hall hands one message to all its recipients before it begins with the next, so
    remembering the last one is enough: 200 members share one bytes object.

    Args:
        zone: The time zone of the times shown; the machine's own unless given.
    """

    def __init__(self, zone: tzinfo | None = None) -> None:
        self._zone = zone
        self._last: Message | None = None
        self._encoded = b""

    def line(self, message: Message) -> str:
        """Return `message` as one line without its end, safe for any terminal."""
        # Cleaned here again although it was on its way in: this is the last gate before other
        # people's terminals, and a history or a door of tomorrow may let through more.
        line = clean(_LAYOUT[message.kind](message))
        return line if message.at is None else f"[{self._time(message.at)}] {line}"

    def encode(self, message: Message) -> bytes:
        """Return `message` as UTF-8 with CR LF, the line end of telnet's network terminal.

        UTF-8 has no byte 255, so nothing in it needs telnet's doubling.
        """
        if message is not self._last:
            self._encoded = f"{self.line(message)}\r\n".encode()
            self._last = message
        return self._encoded

    def _time(self, at: float) -> str:
        return datetime.fromtimestamp(at, self._zone).strftime("%H:%M")
