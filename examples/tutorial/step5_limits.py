"""Step 5: strangers come, and nothing that they do may harm the others."""

import socket
from functools import partial

from miniloop import AsyncChat, EventLoop, Listener

MOST_VISITORS = 100
LONGEST_NAME = 20


class Room:
    """Those who are here, by name."""

    def __init__(self) -> None:
        """Be empty."""
        self.visitors: dict[str, Visitor] = {}

    def tell(self, text: str) -> None:
        """Say it to everybody."""
        for visitor in self.visitors.values():
            visitor.say(text)

    def is_full(self) -> bool:
        """Return whether nobody else may come in."""
        return len(self.visitors) >= MOST_VISITORS

    def enter(self, visitor: "Visitor") -> None:
        """Welcome somebody who has a name."""
        self.tell(f"* {visitor.name} comes in")
        self.visitors[visitor.name] = visitor
        visitor.say(f"* here are: {', '.join(self.visitors)}")

    def leave(self, visitor: "Visitor") -> None:
        """Say goodbye to somebody, if they were here at all."""
        if self.visitors.get(visitor.name) is visitor:
            del self.visitors[visitor.name]
            self.tell(f"* {visitor.name} has left")


class Visitor(AsyncChat):
    """One connection."""

    max_input = 1000  # bytes in a line
    max_output = 65536  # bytes that wait for somebody who does not read

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
        """A part of a line has arrived."""
        self.parts.append(data)

    def found_terminator(self) -> None:
        """The line is complete."""
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
        """Take a name that nobody has."""
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
        """A line is too long: its rest is skipped up to the next line end."""
        self.parts.clear()
        self.say(f"* more than {self.max_input} bytes in a line: nobody heard it")

    def handle_idle(self) -> None:
        """Nothing was said or heard for too long."""
        self.goodbye("It has been quiet for too long. Goodbye!")

    def goodbye(self, text: str) -> None:
        """Leave the room, and hang up when this has been sent."""
        self.room.leave(self)
        self.say(text)
        self.close_when_done()

    def handle_close(self) -> None:
        """The connection is over, for whatever reason."""
        self.room.leave(self)

    def say(self, text: str) -> None:
        """Send the visitor a line."""
        self.push(text.encode() + b"\r\n")


def main() -> None:
    """Serve until Ctrl-C."""
    room = Room()
    with EventLoop() as loop:
        Listener(loop, ("127.0.0.1", 1234), partial(Visitor, room=room))
        loop.on_stop(room.tell, "* the room closes. Goodbye!")
        loop.run()


if __name__ == "__main__":
    main()
