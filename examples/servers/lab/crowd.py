"""The connections to a server: opened in small batches, each proved by a line of its own."""

from __future__ import annotations

import socket
import struct
from types import TracebackType
from typing import Self

from examples.bench.load import WHOLE, connect, line
from examples.bench.process import Address

from .server import CannotServe
from .tree import available_memory

BATCH = 64  # connections opened before they are used: fewer than a usual backlog
RESERVE = 0.1  # share of the machine's memory that is left alone
AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: close by a reset, which leaves no TIME_WAIT behind


class Crowd:
    """Open connections, each of which has had one line answered rightly; closed after the block.

    Args:
        address: The server's.
        patience: Seconds without an answer after which the server counts as not serving it.
        distinct: Whether each connection's line is another; the ceiling knows only one.
    """

    def __init__(self, address: Address, patience: float, distinct: bool = True) -> None:
        self.address = address
        self.patience = patience
        self.distinct = distinct
        self.socks: list[socket.socket] = []

    def grow(self, count: int) -> None:
        """Open connections until there are so many.

        Raises:
            CannotServe: Not all were answered, or memory grew short.
        """
        while len(self.socks) < count:
            answered = len(self.socks)
            try:
                for sock, message in self.open_batch(min(BATCH, count - answered)):
                    expect(sock, message)
                    answered += 1
            except OSError as error:
                raise CannotServe(self.ended_at(answered, count, error)) from error
            keep_a_reserve(f"stopped at {answered:,} of {count:,} connections")

    def open_batch(self, size: int) -> list[tuple[socket.socket, bytes]]:
        """Open some more and send a line on each; return them with what must come back."""
        fresh = [(self.open(), line(number if self.distinct else 0)) for number in range(size)]
        for sock, message in fresh:
            sock.sendall(message)
        return fresh

    def open(self) -> socket.socket:
        """Open one more connection."""
        sock = connect(self.address, self.patience)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        self.socks.append(sock)
        return sock

    def ended_at(self, answered: int, count: int, error: OSError) -> str:
        """Say how far the server came."""
        silent = isinstance(error, (TimeoutError, BlockingIOError))
        what = f"no answer within {self.patience:g} s" if silent else error.strerror or str(error)
        return f"served {answered:,} of {count:,} connections, then: {what}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        for sock in self.socks:
            sock.close()
        self.socks.clear()


def keep_a_reserve(state: str) -> None:
    """Stop before the machine runs out of memory.

    Raises:
        CannotServe: Too little is left.
    """
    available, total = available_memory()
    if available < RESERVE * total:
        raise CannotServe(f"{state}: {available / 2**30:.1f} GiB of memory were left")


def expect(sock: socket.socket, message: bytes) -> None:
    """Insist on receiving this message.

    Raises:
        OSError: Nothing came in time, or the end, or something else.
    """
    got = sock.recv(len(message), WHOLE)
    if not got:
        raise ConnectionResetError("it closed the connection")
    if got != message:
        raise ConnectionError(f"a wrong answer, {got[:80]!r}")
