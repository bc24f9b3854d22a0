"""Step 3: a line goes to all who are connected."""

import logging
import socket
from functools import partial

from miniloop import AsyncChat, EventLoop, Listener

log = logging.getLogger("tutorial")


class Room:
    """The visitors who are here."""

    def __init__(self) -> None:
        """Start without visitors."""
        self.visitors: set[Visitor] = set()

    def tell(self, text: str) -> None:
        """Send a line to every visitor."""
        for visitor in self.visitors:
            visitor.say(text)


class Visitor(AsyncChat):
    """One connection."""

    def __init__(self, loop: EventLoop, sock: socket.socket, room: Room) -> None:
        """Wait for the first line."""
        super().__init__(loop, sock)
        self.parts: list[bytes] = []
        self.set_terminator(b"\n")
        self.room = room
        room.visitors.add(self)
        self.say(f"Hello! {len(room.visitors)} of us are here.")

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
        self.room.tell(line)

    def handle_close(self) -> None:
        """Forget the visitor, whatever ended the connection."""
        log.info("handle_close()")
        self.room.visitors.discard(self)

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
