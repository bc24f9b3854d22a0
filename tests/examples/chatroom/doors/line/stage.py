"""Line doors on socket pairs; the test controls the store's answers."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC

from examples.chatroom.doors.arrival import arrive
from examples.chatroom.doors.line.door import House, LineDoor
from examples.chatroom.doors.line.rendering import LineRenderer
from examples.chatroom.hall.hall import Hall
from examples.chatroom.hall.limits import Limits
from examples.chatroom.hall.messages import Moment
from miniloop import EventLoop
from tests.driving import receive, settle
from tests.examples.chatroom.slow_store import SlowStore


class Stage:
    """A hall, its store, and doors to it."""

    def __init__(self, loop: EventLoop) -> None:
        self.loop = loop
        self.store = SlowStore()
        self.hall = Hall(Limits(), self.store, defer=loop.call_soon)
        self.sockets: list[socket.socket] = []
        self._house = House(self.hall, LineRenderer(UTC), self._moment)

    def _moment(self) -> Moment:
        return Moment(self.loop.time(), 1_700_000_000.0)

    def open(self) -> tuple[LineDoor, socket.socket]:
        """Return a door, and the peer's end of its connection."""
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        self.sockets.append(theirs)
        return LineDoor(self.loop, ours, arrive(self.hall.gate, "192.0.2.1"), self._house), theirs

    def read(self, sock: socket.socket) -> bytes:
        """Run the loop, and return the received data."""
        settle(self.loop)
        return receive(sock)


@contextmanager
def staging() -> Iterator[Stage]:
    with EventLoop(debug=True) as loop:
        stage = Stage(loop)
        yield stage
        for sock in stage.sockets:
            sock.close()
