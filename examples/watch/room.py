"""The watched chat room: the real one, in memory, on a loop and a thread of its own.

Rule of this file: its lifetime.  It is made and closed on the main thread, because signal
handlers are set and restored there, and runs on the other thread.
"""

from __future__ import annotations

import threading

from examples.chatroom.keeping import open_hall
from examples.chatroom.options import parse_options
from examples.chatroom.people.doorkeeper import Doorkeeper
from examples.chatroom.people.operators import Operators
from examples.chatroom.server import ChatServer
from miniloop import EventLoop

from .pace import Pace
from .seen import Seen

GRACE = 1.0
_IN_MEMORY = ("--no-history", "--web-port", "none")


class WatchedRoom:
    """A chat room whose loop is watched.

    Args:
        host: The address to listen on.
        port: The port; 0 takes any free one.

    Attributes:
        pace: Holds the loop.
        seen: Records the loop.
        address: The address of the telnet door.

    Raises:
        OSError: The address cannot be used.
    """

    def __init__(self, host: str, port: int) -> None:
        self.pace = Pace()
        self.seen = Seen(self.pace)
        self._loop = EventLoop(clock=self.pace.clock)
        self.seen.attach(self._loop)
        self._thread = threading.Thread(target=self._loop.run, name="watched")
        try:
            self.address = self._open(host, port)
        except BaseException:
            self._loop.close()
            raise

    def _open(self, host: str, port: int) -> tuple[str, int]:
        hall, keeping = open_hall(self._loop, parse_options(_IN_MEMORY), Doorkeeper())
        server = ChatServer(self._loop, hall, keeping, Operators(), measured=False)
        return server.open_lines((host, port)).address

    def start(self) -> None:
        """Start serving."""
        self._thread.start()

    def close(self) -> None:
        """Close in order, even in slow motion."""
        self.pace.release()
        if self._thread.is_alive():
            self._loop.stop(GRACE)
            self._thread.join()
        self._loop.close()
