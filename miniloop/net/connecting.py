"""One non-blocking connect, from the call to its outcome.

Whatever happens, exactly one of the two callbacks runs, and always from the loop, never from inside
the constructor.
"""

import errno
import os
import socket
from collections.abc import Callable
from typing import Any, Protocol

from miniloop.dispatcher import Dispatcher
from miniloop.loop import EventLoop
from miniloop.state import CONNECTING, NEW
from miniloop.timers import Handle

_IN_PROGRESS = {0, errno.EISCONN, errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EINTR}
_FIRST_RETRY = 0.001
_LONGEST_RETRY = 0.1


def connect(channel: Dispatcher, addr: Any, timeout: float | None) -> None:
    """Start the connect of a channel that has its socket; see ``Dispatcher.connect()``."""
    check_unused(channel, "connect()")
    channel._connecting_ = ConnectingToAddress(
        channel.loop, channel.socket, addr, timeout, on_started=channel.interest_changed,
        on_connected=channel._connected_, on_failed=channel._connect_failed_,
    )  # fmt: skip
    channel.addr = addr
    channel._move_(CONNECTING)


def check_unused(channel: Dispatcher, what: str) -> None:
    """Refuse ``what`` on a channel that has, or had, a connection.  RuntimeError: it has."""
    channel.check_open(what)
    if channel._life_ is not NEW:
        raise RuntimeError(f"{what}: {channel!r} is in use; make a new dispatcher")


class Connecting(Protocol):
    """A connect under way, by whatever way."""

    started: bool
    """The kernel is connecting: WRITE will tell the outcome."""

    def handle_write(self) -> None:
        """Handle WRITE while ``started`` is true."""

    def close(self) -> None:
        """Give up; no callback runs."""


class ConnectingToAddress:
    """A connect of one socket to one address.

    Args:
        loop: whose timers to use.
        sock: a non-blocking socket.
        address: in the form of the socket's family.
        timeout: longest time for the whole attempt in seconds; None leaves it to the kernel,
            which gives up after about two minutes.
        on_started: called when the socket is to be watched for WRITE.
        on_connected: called without arguments.
        on_failed: called with the OSError.

    Raises:
        OSError, TypeError: ``address`` makes no sense.
    """

    def __init__(
        self,
        loop: EventLoop,
        sock: socket.socket,
        address: Any,
        timeout: float | None,
        *,
        on_started: Callable[[], object],
        on_connected: Callable[[], object],
        on_failed: Callable[[OSError], object],
    ) -> None:
        """Start the connect."""
        self.started = False
        self._loop = loop
        self._socket = sock
        self._address = address
        self._on_started = on_started
        self._on_connected = on_connected
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
            self.started = True
            self._on_started()
        else:
            self._pending = self._loop.call_soon(self._fail, OSError(code, os.strerror(code)))

    def handle_write(self) -> None:
        """The socket is writable: report that it is connected, or the failure."""
        code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            self._fail(OSError(code, os.strerror(code)))
        else:
            self.close()
            self._on_connected()

    def close(self) -> None:
        """Report nothing any more."""
        for handle in (self._pending, self._limit):
            if handle is not None:
                handle.cancel()

    def _timed_out(self, timeout: float) -> None:
        self._fail(TimeoutError(errno.ETIMEDOUT, f"no answer within {timeout:g} seconds"))

    def _fail(self, error: OSError) -> None:
        """Report the failure, once."""
        self.close()
        self._on_failed(error)
