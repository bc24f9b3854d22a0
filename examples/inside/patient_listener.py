"""Solution of exercise 11.1: a listener whose rest gets longer, and whose log stays short."""

import logging
import socket
import time

from examples.inside.growing.step07_waker import Channel, Loop
from examples.inside.growing.step11_descriptors import EXHAUSTED, Make

FIRST, LONGEST = 0.05, 1.0
"""Seconds of the first rest, and of the longest one."""
QUIET = 60.0
"""Seconds before the same trouble is logged again."""


class PatientListener(Channel):
    """Rests twice as long after each failure; one connection makes the rest short again."""

    def __init__(self, loop: Loop, sock: socket.socket, make: Make) -> None:
        """Begin with the shortest rest."""
        super().__init__(loop, sock)
        self.make = make
        self.rest = FIRST
        self.quiet_until = 0.0

    def handle_read(self) -> None:
        """Accept a connection, or rest."""
        try:
            sock, _ = self.sock.accept()
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno not in EXHAUSTED:
                raise
            self.take_a_rest(error)
            return
        self.rest = FIRST
        self.make(self.loop, sock)

    def take_a_rest(self, error: OSError) -> None:
        """Stop reading for a while; log once in a minute."""
        now = time.monotonic()
        if now >= self.quiet_until:
            self.quiet_until = now + QUIET
            logging.error("cannot accept: %s; trying again until it works", error)
        self.pause_reading()
        self.loop.call_later(self.rest, self.resume_reading)
        self.rest = min(2 * self.rest, LONGEST)
