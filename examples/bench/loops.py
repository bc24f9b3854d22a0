"""What a load does without a pause: the interface of its tight loops, and the choice of them.

`compiled_loops` has them in C, `python_loops` in Python. The load must be quicker than every
server, or the load is what is measured; only the compiled one is.

No package of Debian or PyPI was found that could do this. wrk understands HTTP alone, sockperf and
redis-benchmark messages of their own, and what is extensible (Locust, Molotov) is slower than the
servers here.
"""

from __future__ import annotations

import select
import socket
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from .process import Address

PATIENCE = 20.0  # seconds without an answer after which the server counts as dead


@dataclass(frozen=True)
class Sample:
    """What a loop did.

    Attributes:
        messages: How many came back.
        seconds: How long it took.
        waited: Seconds of these in which the load had nothing to do but wait for the server.
    """

    messages: int
    seconds: float
    waited: float

    def __add__(self, other: Sample) -> Sample:
        """Return what both did, one after the other."""
        return Sample(
            self.messages + other.messages,
            self.seconds + other.seconds,
            self.waited + other.waited,
        )

    @property
    def idle(self) -> float:
        """The share of the time in which the load waited: what it could have done beside this."""
        return self.waited / self.seconds


class Loops(Protocol):
    """The tight loops.

    All of them raise TimeoutError if the server gives no answer in time, and ConnectionResetError
    if it closes a connection.

    Attributes:
        name: What they are, for people.
    """

    name: str

    def echoes(self, socks: Sequence[socket.socket], message: bytes, seconds: float) -> Sample:
        """Fetch what each connection was answered and send `message` again, half by half.

        One message is under way on each connection before and after.
        """

    def room(self, socks: Sequence[socket.socket], text: bytes, seconds: float) -> Sample:
        """Fetch what all members hear; the last one speaks again when half have heard it.

        One text is under way to all members before and after.
        """

    def visits(self, address: Address, count: int, message: bytes, seconds: float) -> Sample:
        """Connect, send `message`, receive it back, close; `count` of these at a time."""

    def closed_loop(
        self,
        epoll: select.epoll,
        message: bytes,
        sent: array[float],
        seconds: float,
        least: int = 0,
        patience: float = PATIENCE,
    ) -> tuple[Sample, list[float]]:
        """Have each connection of an epoll set send `message` again when the last one came back.

        One message is under way on each connection before and after.

        Args:
            epoll: The set, for reading.
            message: What to send; the connections' SO_RCVLOWAT is its size.
            sent: `time.perf_counter()` of each descriptor's last message.
            seconds: How long to go on.
            least: So many answers are awaited at least, if patience allows.
            patience: Seconds without any answer after which the server counts as dead.

        Returns:
            The sample, and the seconds from sending each message to its answer.
        """


def choose(spin: bool, wanted: str | None = None) -> tuple[Loops, str | None]:
    """Return the loops to use and, if they are not the compiled ones, why not.

    Args:
        spin: Wait by asking again and again, which needs a core beside the server's.
        wanted: "compiled" or "python"; None takes the compiled ones where they can be had.

    Raises:
        RuntimeError: The compiled ones are wanted and cannot be had.
    """
    from .compiled_loops import CompiledLoops, why_missing
    from .python_loops import PythonLoops

    if wanted == "python":
        return PythonLoops(spin), "the load is Python's, as asked for"
    reason = why_missing()
    if reason is None:
        return CompiledLoops(spin), None
    if wanted == "compiled":
        raise RuntimeError(f"the load cannot be compiled: {reason}")
    return PythonLoops(spin), f"the load is Python's and not compiled: {reason}"


def silent(patience: float) -> TimeoutError:
    """Return the error for a server that gave no answer."""
    return TimeoutError(f"the server gave no answer within {patience:g} s")


def closed() -> ConnectionResetError:
    """Return the error for a server that closed a connection."""
    return ConnectionResetError("the server closed a connection that was in use")
