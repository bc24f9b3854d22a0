"""Step 11: accepting without descriptors, and connecting (11-accepting-and-connecting.md)."""

import errno
import logging
import os
import socket
from collections.abc import Callable

from examples.inside.growing import step07_waker
from examples.inside.growing.step07_waker import WRITE, Channel
from examples.inside.growing.step09_output import Echo, Lines
from examples.inside.growing.step10_polled import Loop

__all__ = ["Channel", "Connecting", "Echo", "Lines", "Listener", "Loop"]

Make = Callable[[step07_waker.Loop, socket.socket], object]

EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
PAUSE = 0.05
"""Seconds until a listener that found no descriptor tries again."""


class Listener(step07_waker.Listener):
    """Makes a channel of each connection, and outlives what goes wrong with one."""

    def handle_read(self) -> None:
        """Accept a connection; without descriptors, try again a little later."""
        try:
            sock, _ = self.sock.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return  # it has gone again
        except OSError as error:
            if error.errno not in EXHAUSTED:
                raise
            logging.error("cannot accept: %s", error)
            self.pause_reading()
            self.loop.call_later(PAUSE, self.resume_reading)
            return
        try:
            self.make(self.loop, sock)
        except Exception:
            logging.exception("exception while accepting")
            sock.close()


class Connecting(Channel):
    """A connect under way: WRITE reports its end, and SO_ERROR whether it failed."""

    def __init__(
        self,
        loop: step07_waker.Loop,
        address: tuple[str, int],
        make: Make,
        failed: Callable[[OSError], object],
    ) -> None:
        self.make = make
        self.failed = failed
        super().__init__(loop, socket.socket())
        self.sock.connect_ex(address)

    def interest(self) -> int:
        """Return WRITE: there is nothing to read before the connect has ended."""
        return WRITE

    def handle_write(self) -> None:
        """Hand the socket over, or the error."""
        code = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            self.close()
            self.failed(OSError(code, os.strerror(code)))
            return
        self.closed = True  # the channel, not the socket
        self.loop.unregister(self.registration)
        self.make(self.loop, self.sock)


def main() -> None:
    """Serve until Ctrl-C."""
    loop = Loop()
    Listener(loop, socket.create_server(("127.0.0.1", 1234)), Echo)
    loop.run()


if __name__ == "__main__":
    main()
