"""Step 8: messages, however the bytes were cut (08-splitting-a-stream.md)."""

import socket

from examples.inside.growing.step07_waker import Channel, Listener, Loop

__all__ = ["Channel", "Echo", "Lines", "Listener", "Loop"]


class Lines(Channel):
    """Splits what arrives into lines of at most ``longest`` bytes."""

    longest = 65536

    def __init__(self, loop: Loop, sock: socket.socket) -> None:
        self.partial = b""
        super().__init__(loop, sock)

    def handle_read(self) -> None:
        """Receive, and hand out each whole line; the peer's end is the channel's."""
        data = self.sock.recv(65536)
        if not data:
            self.end()
            return
        *lines, self.partial = (self.partial + data).split(b"\n")
        for line in lines:
            if not self.closed:  # by the handler of an earlier line
                self.handle_line(line)
        if len(self.partial) > self.longest:
            raise ValueError(f"a line is longer than {self.longest} bytes")

    def handle_line(self, line: bytes) -> None:
        """A whole line, without its end: override this."""


class Echo(Lines):
    """Sends back each line."""

    def handle_line(self, line: bytes) -> None:
        """Answer."""
        self.sock.sendall(line + b"\n")


def main() -> None:
    """Serve until Ctrl-C."""
    loop = Loop()
    Listener(loop, socket.create_server(("127.0.0.1", 1234)), Echo)
    loop.run()


if __name__ == "__main__":
    main()
