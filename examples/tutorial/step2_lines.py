"""Step 2: a server that understands lines."""

import logging
import socket

from miniloop import AsyncChat, EventLoop, Listener

log = logging.getLogger("tutorial")


class Visitor(AsyncChat):
    """One connection."""

    def __init__(self, loop: EventLoop, sock: socket.socket) -> None:
        """Wait for the first line."""
        super().__init__(loop, sock)
        self.parts: list[bytes] = []
        self.set_terminator(b"\n")
        self.say("Hello! Type something.")

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
        self.say(f"You said: {line}")

    def handle_close(self) -> None:
        """Log the end of the connection."""
        log.info("handle_close()")

    def say(self, text: str) -> None:
        """Send the visitor a line."""
        self.push(text.encode() + b"\r\n")


def main() -> None:
    """Serve until Ctrl-C."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    with EventLoop() as loop:
        Listener(loop, ("127.0.0.1", 1234), Visitor)
        loop.run()


if __name__ == "__main__":
    main()
