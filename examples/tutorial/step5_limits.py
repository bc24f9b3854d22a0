"""Step 5: bounds on whatever a stranger may use."""

import logging
import socket
from functools import partial

from miniloop import AsyncChat, EventLoop, Listener

log = logging.getLogger("tutorial")

MOST_VISITORS = 100
LONGEST_NAME = 20


class Room:
    """The visitors who are here, by name."""

    def __init__(self) -> None:
        """Start without visitors."""
        self.visitors: dict[str, Visitor] = {}

    def tell(self, text: str) -> None:
        """Send a line to every visitor."""
        for visitor in self.visitors.values():
            visitor.say(text)

    def is_full(self) -> bool:
        """Return whether the room has as many visitors as it may."""
        return len(self.visitors) >= MOST_VISITORS

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

    max_input = 1000  # bytes in a line
    max_output = 65536  # bytes queued for a visitor that does not read

    def __init__(self, loop: EventLoop, sock: socket.socket, room: Room) -> None:
        """Ask for a name."""
        super().__init__(loop, sock)
        self.parts: list[bytes] = []
        self.set_terminator(b"\n")
        self.room = room
        self.name = ""
        self.set_idle_timeout(60)
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
        self.handle_line("".join(char if char.isprintable() else "?" for char in line))

    def handle_line(self, line: str) -> None:
        """Do what the visitor asks for."""
        if not self.name:
            self.choose_name(line)
        elif line == "/who":
            self.say(f"* here are: {', '.join(self.room.visitors)}")
        elif line == "/quit":
            self.goodbye("Goodbye!")
        elif line:
            self.room.tell(f"{self.name}: {line}")

    def choose_name(self, name: str) -> None:
        """Take the name, if it is free."""
        if self.room.is_full():
            self.goodbye("The room is full. Come again later!")
        elif not name.isalnum() or len(name) > LONGEST_NAME:
            self.say(f"At most {LONGEST_NAME} letters and digits, please. What is your name?")
        elif name in self.room.visitors:
            self.say(f"{name} is here already. What is your name?")
        else:
            self.name = name
            self.set_idle_timeout(3600)
            self.room.enter(self)

    def handle_input_overflow(self) -> None:
        """Tell the visitor; the rest of the line is skipped up to its end."""
        log.info("handle_input_overflow()")
        self.parts.clear()
        self.say(f"* more than {self.max_input} bytes in a line: it was not sent")

    def handle_idle(self) -> None:
        """End a connection on which nothing has moved for too long."""
        log.info("handle_idle()")
        self.goodbye("It has been quiet for too long. Goodbye!")

    def goodbye(self, text: str) -> None:
        """Leave the room, and close the connection once this is sent."""
        self.room.leave(self)
        self.say(text)
        self.close_when_done()

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
        loop.on_stop(room.tell, "* the room closes. Goodbye!")
        loop.run()


if __name__ == "__main__":
    main()
