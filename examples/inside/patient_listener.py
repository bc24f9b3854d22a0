"""Solution of exercise 11.1: a listener that pauses longer each time, and logs little."""

import logging
import socket
import time

from examples.inside.growing.step07_waker import Channel, Loop
from examples.inside.growing.step11_descriptors import EXHAUSTED, Make

FIRST, LONGEST = 0.05, 1.0
"""Seconds of the first pause, and of the longest one."""
QUIET = 60.0
"""Seconds before the same trouble is logged again."""


class PatientListener(Channel):
    """Pauses twice as long after each failure; one connection makes the pause short again."""

    def __init__(self, loop: Loop, sock: socket.socket, make: Make) -> None:
        """Begin with the shortest pause."""
        super().__init__(loop, sock)
        self.make = make
        self.pause = FIRST
        self.quiet_until = 0.0

    def handle_read(self) -> None:
        """Accept a connection, or back off."""
        try:
            sock, _ = self.sock.accept()
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno not in EXHAUSTED:
                raise
            self.back_off(error)
            return
        self.pause = FIRST
        self.make(self.loop, sock)

    def back_off(self, error: OSError) -> None:
        """Stop reading for a while; log once in a minute."""
        now = time.monotonic()
        if now >= self.quiet_until:
            self.quiet_until = now + QUIET
            logging.error("cannot accept: %s; trying again until it works", error)
        self.pause_reading()
        self.loop.call_later(self.pause, self.resume_reading)
        self.pause = min(2 * self.pause, LONGEST)
