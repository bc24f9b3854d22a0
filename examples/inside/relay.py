"""Solution of exercise 9.1: two connections joined, with backpressure."""

import socket

from miniloop import AsyncChat, EventLoop


class End(AsyncChat):
    """One of the two connections; what it receives is pushed to the other."""

    other: "End"

    def __init__(self, loop: EventLoop, sock: socket.socket) -> None:
        """Collect everything as it comes: there are no messages here."""
        super().__init__(loop, sock)
        self.set_terminator(None)

    def collect_incoming_data(self, data: bytes) -> None:
        """Push it to the other side."""
        if not self.other.closed:
            self.other.push(data)

    def handle_high_water(self) -> None:
        """Stop reading on the other side, which is faster than this one can send."""
        self.other.pause_reading()

    def handle_low_water(self) -> None:
        """Read on the other side again."""
        if not self.other.closed:
            self.other.resume_reading()

    def handle_close(self) -> None:
        """Close the other side too, when all that is queued there is sent."""
        if not self.other.closed:
            self.other.close_when_done()


def join(loop: EventLoop, one: socket.socket, other: socket.socket) -> tuple[End, End]:
    """Relay between two connections."""
    ends = End(loop, one), End(loop, other)
    ends[0].other, ends[1].other = ends[1], ends[0]
    return ends
