"""An echo server on miniloop, for docs/inside/what-the-kernel-sees.md; give it a port."""

import socket
import sys

from miniloop import AsyncChat, EventLoop, Listener


class Echo(AsyncChat):
    """Sends back each line."""

    def __init__(self, loop: EventLoop, sock: socket.socket) -> None:
        """Start with an empty line."""
        super().__init__(loop, sock)
        self.line = b""
        self.set_terminator(b"\n")

    def collect_incoming_data(self, data: bytes) -> None:
        """Keep a part of a line."""
        self.line += data

    def found_terminator(self) -> None:
        """Answer the line."""
        self.push(self.line + b"\n")
        self.line = b""


def main() -> None:
    """Serve until Ctrl-C."""
    with EventLoop() as loop:
        listener = Listener(loop, ("127.0.0.1", int(sys.argv[1])), Echo)
        print("serving on port", listener.address[1], flush=True)
        loop.run()


if __name__ == "__main__":
    main()
