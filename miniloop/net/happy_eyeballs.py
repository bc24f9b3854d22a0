"""Connecting to whichever of several addresses answers first: RFC 8305, section 5.

The attempts begin one after the other, 250 ms apart, or at once when the one before has failed.
Earlier ones go on.  The first that is connected wins, and the others are closed.
"""

import errno
from collections import deque
from collections.abc import Callable, Iterable
from socket import socket as Socket  # the class is an attribute's type where "socket" is its name

from miniloop.loop import EventLoop
from miniloop.net.connecting import Connecting
from miniloop.net.no_socket import CLOSED
from miniloop.net.resolving import Address
from miniloop.sockets import SocketChannel
from miniloop.timers import Handle

CONNECTION_ATTEMPT_DELAY = 0.25
"""Seconds from one attempt to the next: the value that RFC 8305 recommends."""

Failure = tuple[Address, OSError]


class Attempt(SocketChannel):
    """A connect to one address.

    Args:
        loop: the loop that serves it.
        address: where to.
        on_connected: called with this attempt; ``release()`` then gives the socket away.
        on_failed: called with this attempt and the reason.

    Raises:
        OSError: the system has no socket for it.
    """

    _connecting: Connecting | None = None

    def __init__(
        self,
        loop: EventLoop,
        address: Address,
        on_connected: Callable[["Attempt"], object],
        on_failed: Callable[["Attempt", OSError], object],
    ) -> None:
        """Start to connect."""
        super().__init__(loop)
        self.address = address
        self._on_connected = on_connected
        self._on_failed = on_failed
        self.connecting = True
        try:
            self.set_socket(loop.new_socket(address.family, address.type, address.proto))
            self._connecting = Connecting(
                loop, self.socket, address.sockaddr, None, self._started, self._failed
            )
        except BaseException:
            self.close()
            raise

    def _started(self) -> None:
        self._blocked = True
        self.interest_changed()

    def handle_write_event(self) -> None:
        """The connect has ended."""
        if self._connecting is not None and self._connecting.finished():
            self._on_connected(self)

    def handle_close(self) -> None:
        """Something took its descriptor away."""
        self._failed(OSError(errno.EBADF, "its descriptor was closed by somebody else"))

    def _failed(self, error: OSError) -> None:
        self.close()
        self._on_failed(self, error)

    def release(self) -> Socket:
        """Leave the loop, and return the socket to a new owner."""
        sock, self.socket = self.socket, CLOSED
        self.close()
        return sock

    def close(self) -> None:
        """Give up; no callback runs."""
        super().close()
        if self._connecting is not None:
            self._connecting.close()


class Race:
    """Attempts at several addresses, of which one wins.

    Exactly one of the two callbacks runs, from the loop, unless ``close()`` comes before it.

    Args:
        loop: whose timers and callbacks to use.
        addresses: in the order of their attempts.
        on_won: called with the connected socket and its address.
        on_lost: called when every attempt has failed.

    Attributes:
        failures: the attempts that failed, with their reasons.
        running: the attempts under way.
    """

    def __init__(
        self,
        loop: EventLoop,
        addresses: Iterable[Address],
        on_won: Callable[[Socket, Address], object],
        on_lost: Callable[[], object],
    ) -> None:
        """Begin with the next callbacks."""
        self.failures: list[Failure] = []
        self.running: dict[Attempt, None] = {}
        self._loop = loop
        self._waiting = deque(addresses)
        self._on_won = on_won
        self._on_lost = on_lost
        self._next: Handle = loop.call_soon(self._start_next)

    def _start_next(self) -> None:
        """Begin with the next address for which the system has a socket."""
        self._next.cancel()
        while self._waiting:
            address = self._waiting.popleft()
            try:
                attempt = Attempt(self._loop, address, self._connected, self._failed)
            except OSError as error:
                self.failures.append((address, error))
                continue
            self.running[attempt] = None
            break
        if self._waiting:
            self._next = self._loop.call_later(CONNECTION_ATTEMPT_DELAY, self._start_next)
        elif not self.running:
            self._on_lost()

    def _failed(self, attempt: Attempt, error: OSError) -> None:
        del self.running[attempt]
        self.failures.append((attempt.address, error))
        self._start_next()

    def _connected(self, attempt: Attempt) -> None:
        del self.running[attempt]
        sock = attempt.release()
        self.close()
        self._on_won(sock, attempt.address)

    def close(self) -> None:
        """Give up every attempt; no callback runs."""
        self._next.cancel()
        while self.running:
            self.running.popitem()[0].close()
