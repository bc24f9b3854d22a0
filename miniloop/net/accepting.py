"""Accepting connections, whatever goes wrong.

A listener must outlive everything that its peers and the system's limits can do to it.  Running
out of descriptors or memory leaves the connection in the kernel's backlog, where the listener would
see it again at once and for ever; so it backs off for a while.  (asyncore closed the listener for
good.)
"""

import errno
import logging
import math
from socket import socket as Socket
from typing import Any, Protocol

from miniloop.loop import EventLoop
from miniloop.registry import close
from miniloop.state import BACKOFF, PAUSED
from miniloop.timers import TimerHandle

logger = logging.getLogger("miniloop")

BATCH = 64
"""Connections accepted in one pass: enough to keep up, few enough that others get their turn."""

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0
_QUIET = 60.0
"""Seconds before the same trouble is logged again: at a limit, accepting fails now and then."""
_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_MISUSE = {errno.EBADF, errno.EINVAL, errno.ENOTSOCK, errno.EOPNOTSUPP}


class Acceptor(Protocol):
    """What accepting needs of a dispatcher."""

    loop: EventLoop
    accepting: bool
    _hold_: int

    def accept(self) -> tuple[Socket, Any] | None:
        """Return the next connection, or None."""

    def handle_accept(self) -> None:
        """Accept what waits."""

    def handle_accepted(self, sock: Socket, addr: Any) -> None:
        """Make a dispatcher of a connection."""

    def _hold_reading_(self, reason: int) -> None: ...

    def _release_reading_(self, reason: int) -> None: ...


class Accepting:
    """The accepting side of a listening dispatcher.

    Args:
        dispatcher: the listener.
        sock: its socket, non-blocking and listening.
    """

    def __init__(self, dispatcher: Acceptor, sock: Socket) -> None:
        """Begin with the shortest pause."""
        self._dispatcher = dispatcher
        self._loop = dispatcher.loop
        self._socket = sock
        self._pause = _FIRST_PAUSE
        self._timer: TimerHandle | None = None
        self._quiet_until = -math.inf

    def handle_read(self) -> None:
        """Connections wait.  What escapes from the handler is logged, and the listener goes on."""
        try:
            self._dispatcher.handle_accept()
        except Exception:
            logger.exception("exception while accepting on %r", self._dispatcher)
            if self._dispatcher.accepting:
                self.back_off("an exception escaped from handle_accept()")
        finally:
            self._loop.accepted = None

    def accept_batch(self) -> None:
        """Accept a bounded number of connections; a handler that fails costs its connection."""
        dispatcher = self._dispatcher
        for _ in range(BATCH):
            pair = self.accept()
            if pair is None:
                return
            try:
                dispatcher.handle_accepted(*pair)
            except Exception:
                logger.exception("exception in handle_accepted() of %r", dispatcher)
                registration = self._loop.registry.registrations.get(pair[0].fileno())
                if registration is not None:
                    close(registration.channel)
                pair[0].close()
            if not dispatcher.accepting or dispatcher._hold_ & PAUSED:
                return

    def accept(self) -> tuple[Socket, Any] | None:
        """Return the next connection and its peer's address, or None when there is none now.

        Raises:
            OSError: the socket itself is unusable (EBADF, EINVAL).
        """
        try:
            pair = self._socket.accept()
        except (BlockingIOError, InterruptedError):
            return None
        except OSError as error:
            self._failed(error)
            return None
        self._pause = _FIRST_PAUSE
        self._loop.accepted = pair  # its dispatcher need not ask the kernel for the peer's address
        return pair

    def _failed(self, error: OSError) -> None:
        """Back off when something has run out; a connection that died in the backlog is no loss."""
        if error.errno in _MISUSE:
            raise error
        if error.errno in _EXHAUSTED:
            self.back_off(f"cannot accept connections: {error}")
        else:
            logger.debug("a connection was lost before it was accepted: %s", error)

    def back_off(self, why: str) -> None:
        """Stop accepting for a while, twice as long each time; log why, at ERROR once a minute."""
        if self._timer is not None:
            return
        now, log = self._loop.time(), logger.debug
        if now >= self._quiet_until:
            self._quiet_until, log = now + _QUIET, logger.error
        log("%s; trying again until it works", why)
        self._dispatcher._hold_reading_(BACKOFF)
        self._timer = self._loop.call_later(self._pause, self._accept_again)
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)

    def _accept_again(self) -> None:
        self._timer = None
        self._dispatcher._release_reading_(BACKOFF)

    def close(self) -> None:
        """Forget the timer."""
        if self._timer is not None:
            self._timer.cancel()
