"""One non-blocking connect, from the call to its outcome.

Whatever happens, exactly one of the two callbacks runs, and always from the loop, never from inside
``connect()`` itself.
"""

import errno
import os
import socket
from collections.abc import Callable
from typing import Any

from miniloop.loop import EventLoop
from miniloop.timers import Handle

_IN_PROGRESS = {0, errno.EISCONN, errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EINTR}
_FIRST_RETRY = 0.001
_LONGEST_RETRY = 0.1


class Connecting:
    """A connect under way.

    Args:
        loop: whose timers to use.
        sock: a non-blocking socket.
        address: in the form of the socket's family.
        timeout: longest time for the whole attempt in seconds; None leaves it to the kernel,
            which gives up after about two minutes.
        on_started: called when the socket is to be watched for WRITE, which tells the outcome.
        on_failed: called with the OSError.
    """

    def __init__(
        self,
        loop: EventLoop,
        sock: socket.socket,
        address: Any,
        timeout: float | None,
        on_started: Callable[[], object],
        on_failed: Callable[[OSError], object],
    ) -> None:
        """Start the connect."""
        self._loop = loop
        self._socket = sock
        self._address = address
        self._on_started = on_started
        self._on_failed = on_failed
        self._retry_delay = _FIRST_RETRY
        self._pending: Handle | None = None
        self._limit: Handle | None = None
        self._start()  # before the timer: an address that makes no sense is raised from here
        if timeout is not None:
            self._limit = loop.call_later(timeout, self._timed_out, timeout)

    def _start(self) -> None:
        """Ask the kernel.  A UNIX socket whose peer's backlog is full says EAGAIN: try again."""
        code = self._socket.connect_ex(self._address)
        if code == errno.EAGAIN and self._socket.family == getattr(socket, "AF_UNIX", None):
            self._pending = self._loop.call_later(self._retry_delay, self._start)
            self._retry_delay = min(2 * self._retry_delay, _LONGEST_RETRY)
        elif code in _IN_PROGRESS:
            self._on_started()
        else:
            self._pending = self._loop.call_soon(self._fail, OSError(code, os.strerror(code)))

    def finished(self) -> bool:
        """The socket is writable: return True if it is connected, else report the failure."""
        code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            self._fail(OSError(code, os.strerror(code)))
            return False
        self.close()
        return True

    def close(self) -> None:
        """Report nothing any more."""
        for handle in (self._pending, self._limit):
            if handle is not None:
                handle.cancel()

    def _timed_out(self, timeout: float) -> None:
        """The time is up."""
        self._fail(TimeoutError(errno.ETIMEDOUT, f"no answer within {timeout:g} seconds"))

    def _fail(self, error: OSError) -> None:
        """Report the failure, once."""
        self.close()
        self._on_failed(error)
