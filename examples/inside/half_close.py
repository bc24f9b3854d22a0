"""Solution of exercise 9.4: finish sending, and go on reading."""

import socket

from examples.inside.growing.step07_waker import Loop
from examples.inside.growing.step09_output import Lines


class HalfClosing(Lines):
    """Can say that it will send no more, and still receives until the peer says the same."""

    def __init__(self, loop: Loop, sock: socket.socket) -> None:
        """Start with both directions open."""
        self.finishing = self.finished = False
        super().__init__(loop, sock)

    def push(self, data: bytes) -> None:
        """Queue bytes.  RuntimeError: after ``close_write()``."""
        if self.finishing:
            raise RuntimeError("push() after close_write(): push everything before it")
        super().push(data)

    def close_write(self) -> None:
        """Half-close once everything queued is sent."""
        self.finishing = True
        self.loop.call_soon(self.flush_guarded)

    def flush(self) -> None:
        """Send the queue; when it is empty, do what was asked for."""
        super().flush()
        if self.finishing and self.drained() and not (self.finished or self.closed):
            self.finished = True
            self.sock.shutdown(socket.SHUT_WR)
