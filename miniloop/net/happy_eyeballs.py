"""Connecting to whichever of several addresses answers first: RFC 8305, section 5.

The attempts begin one after the other, 250 ms apart, or at once when the one before has failed.
Earlier ones go on.  The first that is connected wins, and the others are closed.
"""

import errno
from collections import deque
from collections.abc import Callable, Iterable
from socket import socket as Socket

from miniloop.channel import BaseChannel, without_frames
from miniloop.loop import EventLoop
from miniloop.net.connecting import ConnectingToAddress
from miniloop.net.resolving import Address
from miniloop.readiness import WRITE, Channel
from miniloop.timers import Handle

CONNECTION_ATTEMPT_DELAY = 0.25
"""Seconds from one attempt to the next: the value that RFC 8305 recommends."""

Failure = tuple[Address, OSError]


class Attempt(BaseChannel):
    """A connect to one address.

    Args:
        loop: the loop that serves it.
        address: where to.
        on_connected: called with this attempt; ``release()`` then gives the socket away.
        on_failed: called with this attempt and the reason.

    Raises:
        OSError: the system has no socket for it.
    """

    _connecting_: ConnectingToAddress | None = None

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
        self._on_connected_ = on_connected
        self._on_failed_ = on_failed
        self._sock_: Socket | None = loop.new_socket(address.family, address.type, address.proto)
        try:
            self._sock_.setblocking(False)
            self._attach_()
            self._connecting_ = ConnectingToAddress(
                loop, self._sock_, address.sockaddr, None, on_started=self.interest_changed,
                on_connected=self._connected_, on_failed=self._failed_,
            )  # fmt: skip
        except BaseException:
            self.close()
            raise

    def fileno(self) -> int:
        """Return the socket's descriptor number, -1 without one."""
        return -1 if self._sock_ is None else self._sock_.fileno()

    def interest(self) -> int:
        """Return WRITE, which tells the outcome, once the kernel is connecting."""
        return WRITE if self._connecting_ is not None and self._connecting_.started else 0

    def handle_write_event(self) -> None:
        """The connect has ended."""
        if self._connecting_ is not None:
            self._connecting_.handle_write()

    def handle_close(self) -> None:
        """Its descriptor was taken away."""
        self._failed_(OSError(errno.EBADF, "its descriptor was closed by other code"))

    def _connected_(self) -> None:
        self._on_connected_(self)

    def _failed_(self, error: OSError) -> None:
        self.close()
        self._on_failed_(self, error)

    def release(self) -> Socket:
        """Leave the loop, and return the socket to a new owner."""
        sock, self._sock_ = self._sock_, None
        assert sock is not None
        self.close()
        return sock

    def evict(self, newcomer: Channel) -> None:
        """Forget the socket without closing its descriptor."""
        if self._sock_ is not None:
            self._sock_.detach()
        super().evict(newcomer)

    def close(self) -> None:
        """Give up; no callback runs."""
        super().close()
        if self._connecting_ is not None:
            self._connecting_.close()
            self._connecting_ = None  # it holds this: a circle
        sock, self._sock_ = self._sock_, None
        if sock is not None:
            sock.close()


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
                self.failures.append((address, without_frames(error)))
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
