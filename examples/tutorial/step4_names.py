"""Step 4: people have names, and come and go."""

import logging
import socket
from functools import partial

from miniloop import AsyncChat, EventLoop, Listener

log = logging.getLogger("tutorial")


class Room:
    """The visitors who are here, by name."""

    def __init__(self) -> None:
        """Start without visitors."""
        self.visitors: dict[str, Visitor] = {}

    def tell(self, text: str) -> None:
        """Send a line to every visitor."""
        for visitor in self.visitors.values():
            visitor.say(text)

    def enter(self, visitor: "Visitor") -> None:
        """Add a visitor that has a name."""
        self.tell(f"* {visitor.name} comes in")
        self.visitors[visitor.name] = visitor
        visitor.say(f"* here are: {', '.join(self.visitors)}")

    def leave(self, visitor: "Visitor") -> None:
        """Remove a visitor, if it is here."""
        if self.visitors.get(visitor.name) is visitor:
            del self.visitors[visitor.name]
            self.tell(f"* {visitor.name} has left")


class Visitor(AsyncChat):
    """One connection."""

    def __init__(self, loop: EventLoop, sock: socket.socket, room: Room) -> None:
        """Ask for a name."""
        super().__init__(loop, sock)
        self.parts: list[bytes] = []
        self.set_terminator(b"\n")
        self.room = room
        self.name = ""
        self.say("Hello! What is your name?")

    def collect_incoming_data(self, data: bytes) -> None:
        """Keep a part of a line."""
        log.info("collect_incoming_data(%r)", data)
        self.parts.append(data)

    def found_terminator(self) -> None:
        """Make a line of the parts."""
        log.info("found_terminator()")
        line = b"".join(self.parts).decode(errors="replace").strip()
        self.parts.clear()
        self.handle_line(line)

    def handle_line(self, line: str) -> None:
        """Do what the visitor asks for."""
        if not self.name:
            self.choose_name(line)
        elif line == "/who":
            self.say(f"* here are: {', '.join(self.room.visitors)}")
        elif line == "/quit":
            self.say("Goodbye!")
            self.room.leave(self)
            self.close_when_done()
        elif line:
            self.room.tell(f"{self.name}: {line}")

    def choose_name(self, name: str) -> None:
        """Take the name, if it is free."""
        if not name.isalnum():
            self.say("Letters and digits only, please. What is your name?")
        elif name in self.room.visitors:
            self.say(f"{name} is here already. What is your name?")
        else:
            self.name = name
            self.room.enter(self)

    def handle_close(self) -> None:
        """Forget the visitor, whatever ended the connection."""
        log.info("handle_close()")
        self.room.leave(self)

    def say(self, text: str) -> None:
        """Send the visitor a line."""
        self.push(text.encode() + b"\r\n")


def main() -> None:
    """Serve until Ctrl-C."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    room = Room()
    with EventLoop() as loop:
        Listener(loop, ("127.0.0.1", 1234), partial(Visitor, room=room))
        loop.run()


if __name__ == "__main__":
    main()
