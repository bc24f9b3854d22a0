"""Step 2: a server that understands lines."""

import socket

from miniloop import AsyncChat, EventLoop, Listener


class Visitor(AsyncChat):
    """One connection."""

    def __init__(self, loop: EventLoop, sock: socket.socket) -> None:
        """Wait for the first line."""
        super().__init__(loop, sock)
        self.parts: list[bytes] = []
        self.set_terminator(b"\n")
        self.say("Hello! Type something.")

    def collect_incoming_data(self, data: bytes) -> None:
        """A part of a line has arrived."""
        self.parts.append(data)

    def found_terminator(self) -> None:
        """The line is complete."""
        line = b"".join(self.parts).decode(errors="replace").strip()
        self.parts.clear()
        self.handle_line(line)

    def handle_line(self, line: str) -> None:
        """Do what the visitor asks for."""
        self.say(f"You said: {line}")

    def say(self, text: str) -> None:
        """Send the visitor a line."""
        self.push(text.encode() + b"\r\n")


def main() -> None:
    """Serve until Ctrl-C."""
    with EventLoop() as loop:
        Listener(loop, ("127.0.0.1", 1234), Visitor)
        loop.run()


if __name__ == "__main__":
    main()
