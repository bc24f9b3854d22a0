"""The watched chat room: the real one, in memory, on a loop and a thread of its own.

Rule of this file: its life.  It is made and closed on the main thread, because signal handlers are
set and put back there, and runs on the other one.
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
        host: Where to listen.
        port: The port; 0 takes any free one.

    Attributes:
        pace: What holds the loop.
        seen: What is seen of it.
        address: Where telnet comes in.

    Raises:
        OSError: The address cannot be listened on.
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
        """Begin to serve."""
        self._thread.start()

    def close(self) -> None:
        """End in order, however slowly it goes at the moment."""
        self.pace.release()
        if self._thread.is_alive():
            self._loop.stop(GRACE)
            self._thread.join()
        self._loop.close()
