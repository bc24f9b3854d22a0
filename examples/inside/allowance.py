"""Solution of exercise 3.2: a limit on the bytes received in a second."""

import socket

from miniloop import Dispatcher, EventLoop, announced


class Allowance(Dispatcher):
    """Reads at most ``allowance`` bytes in a second; TCP slows the sender down."""

    allowance = 1000

    def __init__(self, loop: EventLoop, sock: socket.socket) -> None:
        """Start with a full allowance."""
        self.left = self.allowance
        self.data = b""
        super().__init__(loop, sock)

    @announced
    def readable(self) -> bool:
        """Return whether some of the allowance is left."""
        return super().readable() and self.left > 0

    def handle_read(self) -> None:
        """Receive at most what is left of the allowance."""
        data = self.recv(self.left)
        self.data += data
        self.left -= len(data)
        if not self.left and not self.closed:
            self.interest_changed()
            self.loop.call_later(1.0, self.renew)

    def renew(self) -> None:
        """Start the next second with a full allowance."""
        self.left = self.allowance
        self.interest_changed()
