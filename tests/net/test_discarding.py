"""Reading to forget is bounded, and stops by itself; the socket is a script."""

import errno
import socket
from typing import cast

import pytest

from miniloop.net.discarding import discard_input

FULL = 65536


class Script:
    """Answers recv() with pieces of these sizes; where there are none, with an error."""

    def __init__(self, *sizes: int, end: OSError | None = None) -> None:
        self.sizes = list(sizes)
        self.end = BlockingIOError(errno.EAGAIN, "nothing now") if end is None else end
        self.reads = 0

    def recv(self, size: int) -> bytes:
        assert size == FULL
        self.reads += 1
        if not self.sizes:
            raise self.end
        return bytes(self.sizes.pop(0))


@pytest.mark.parametrize(
    ("sock", "reads"),
    [
        (Script(), 1),
        (Script(5, FULL), 1),
        (Script(FULL, FULL, 7, FULL), 3),
        (Script(FULL, FULL), 3),
        (Script(0), 1),
        (Script(FULL, end=ConnectionResetError(errno.ECONNRESET, "reset")), 2),
    ],
    ids=["nothing", "little", "more", "all of it", "the peer's end", "a reset"],
)
def test_receives_until_there_is_nothing_more(sock: Script, reads: int) -> None:
    discard_input(cast(socket.socket, sock))
    assert sock.reads == reads


def test_a_flood_does_not_hold_the_loop() -> None:
    sock = Script(*[FULL] * 100)
    discard_input(cast(socket.socket, sock))
    assert sock.reads == 16
