"""The load: each connection sends its next message as soon as the last one came back.

The loop itself is in examples/bench: compiled, or Python's where there is no compiler. Each message
costs it one read, one write and a look at the clock. SO_RCVLOWAT has the kernel call us only when a
whole message is there, however many pieces the server sent it in.

A message is timed from just before its write to the moment at which epoll_wait returned with its
answer. A load with a core of its own asks for answers again and again and never sleeps, so it sees
an answer at once, and the server need not wake it. What is read from one epoll_wait is little (64
events), so answers that come meanwhile are soon seen; but only a load that has time to spare sees
them at once. That is one more reason to look at the load's share of the time beside each figure.
"""

from __future__ import annotations

import os
import select
import socket
import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from examples.bench.load import LINE, line
from examples.bench.loops import Loops

from .server import CannotServe


@dataclass(frozen=True)
class Sample:
    """What happened in a stretch of time.

    Attributes:
        latencies: Seconds from sending each message to its answer.
        seconds: How long the stretch was.
        waited: Seconds of these in which the load had nothing to do but wait for the server.
    """

    latencies: list[float]
    seconds: float
    waited: float


class ClosedLoop:
    """Messages going round on these connections.

    Args:
        loops: What sends and receives.
        socks: The connections, blocking, with nothing under way.
        lines: How many lines a message has; they are sent with one call.
        patience: Seconds without any answer after which the server counts as not serving.
    """

    def __init__(
        self, loops: Loops, socks: Sequence[socket.socket], lines: int, patience: float
    ) -> None:
        self.loops = loops
        self.message = b"".join(line(number % 1000) for number in range(lines))
        self.patience = patience
        self.fds = [sock.fileno() for sock in socks]
        self.sent = array("d", bytes(8 * (max(self.fds) + 1)))  # by descriptor
        self.epoll = select.epoll()
        for sock in socks:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, lines * LINE)
            self.epoll.register(sock.fileno(), select.EPOLLIN)

    def check(self) -> None:
        """Exchange one message on each connection and compare every byte."""
        for fd in self.fds:
            os.write(fd, self.message)
        for fd in self.fds:
            if os.read(fd, len(self.message)) != self.message:
                raise CannotServe("a wrong answer, or only part of it")

    def start(self) -> None:
        """Put one message under way on each connection."""
        for fd in self.fds:
            self.sent[fd] = time.perf_counter()
            os.write(fd, self.message)

    def keep_going(self, seconds: float, least: int = 0) -> Sample:
        """Go on for so long, and until so many answers came, if patience allows.

        Raises:
            CannotServe: The server closed a connection, or fell silent.
        """
        try:
            sample, latencies = self.loops.closed_loop(
                self.epoll, self.message, self.sent, seconds, least, self.patience
            )
        except TimeoutError:
            raise CannotServe(f"fell silent: no answer within {self.patience:g} s") from None
        except ConnectionError:
            raise CannotServe("closed a connection that was in use") from None
        return Sample(latencies, sample.seconds, sample.waited)

    def finish(self) -> None:
        """Take the answers that are still under way, and let go of the connections."""
        for fd in self.fds:
            os.read(fd, len(self.message))
        self.epoll.close()
