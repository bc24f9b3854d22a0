"""Accepting connections, whatever goes wrong.

A listener must outlive everything that its peers and the system's limits can do to it.  Running
out of descriptors or memory leaves the connection in the kernel's backlog, where the listener would
see it again at once and for ever; so it stops looking for a while.  (asyncore closed the listener
for good.)
"""

import errno
import logging
import math
import socket
from collections.abc import Callable
from typing import Any

from miniloop.loop import EventLoop
from miniloop.timers import TimerHandle

logger = logging.getLogger("miniloop")

BATCH = 64
"""Connections accepted in one pass: enough to keep up, few enough that others get their turn."""

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0
_QUIET = 60.0
"""Seconds before the same trouble is said again: at the edge, failures and successes alternate."""
_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


class Accepting:
    """The accepting side of a listening socket.

    Attributes:
        resting: true while the listener does not look, because of an earlier failure.

    Args:
        loop: whose timers to use.
        sock: a non-blocking, listening socket.
        on_rest: called with True when it stops looking, and with False when it looks again.
    """

    def __init__(
        self, loop: EventLoop, sock: socket.socket, on_rest: Callable[[bool], object]
    ) -> None:
        """Start looking."""
        self.resting = False
        self._loop = loop
        self._socket = sock
        self._on_rest = on_rest
        self._pause = _FIRST_PAUSE
        self._timer: TimerHandle | None = None
        self._quiet_until = -math.inf

    def accept(self) -> tuple[socket.socket, Any] | None:
        """Return the next connection and its peer's address, or None when there is none now.

        Raises:
            OSError: the socket itself is unusable (EBADF, EINVAL).
        """
        try:
            pair = self._socket.accept()
        except (BlockingIOError, InterruptedError):
            return None
        except OSError as error:
            if error.errno in (errno.EBADF, errno.EINVAL, errno.ENOTSOCK, errno.EOPNOTSUPP):
                raise
            self._failed(error)
            return None
        self._pause = _FIRST_PAUSE
        return pair

    def _failed(self, error: OSError) -> None:
        """A connection that died in the queue is nobody's trouble; exhaustion calls for rest."""
        if error.errno in _EXHAUSTED:
            self.rest(f"cannot accept connections: {error}")
        else:
            logger.debug("a connection was lost before it was accepted: %s", error)

    def rest(self, why: str) -> None:
        """Do not look for a while, twice as long each time; say why once a minute."""
        if self.resting:
            return
        now = self._loop.time()
        log = logger.debug if now < self._quiet_until else logger.error
        self._quiet_until = now + _QUIET
        log("%s; trying again until it works", why)
        self.resting = True
        self._on_rest(True)
        self._timer = self._loop.call_later(self._pause, self._look_again)
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)

    def _look_again(self) -> None:
        """Rested."""
        self.resting = False
        self._on_rest(False)

    def close(self) -> None:
        """Forget the timer."""
        if self._timer is not None:
            self._timer.cancel()
