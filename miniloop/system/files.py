"""Pipes, terminals and files behind the same handlers as sockets.

Only what ``Dispatcher`` uses of a socket is given to a descriptor here.
"""

import errno
import os
import select
import socket
import stat
from typing import Protocol, cast

from miniloop.dispatcher import Dispatcher
from miniloop.loop import EventLoop
from miniloop.state import Life


class HasFileno(Protocol):
    """An object with a descriptor: a file, ``sys.stdin``, a pipe's end."""

    def fileno(self) -> int:
        """Return the descriptor."""


class FileWrapper:
    """A descriptor under the names of a socket's methods.

    It works on a duplicate, so the original stays its owner's, to close or not.  A terminal keeps
    its mode: its setting is shared with every program on it, the shell included, and reading a
    ready terminal does not block.  Anything else is set non-blocking, and set back on ``close()``.
    """

    type = 0

    def __init__(self, fd: int) -> None:
        """Duplicate ``fd``."""
        self.fd = os.dup(fd)
        mode = os.fstat(self.fd).st_mode
        self._set_back = False
        self._pid = os.getpid()
        if not stat.S_ISREG(mode) and not os.isatty(self.fd) and os.get_blocking(self.fd):
            os.set_blocking(self.fd, False)
            self._set_back = True

    def setblocking(self, flag: bool) -> None:
        """Do nothing: the constructor decided."""

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Read at most ``size`` bytes; with ``flags`` (MSG_PEEK), only tell if there are any."""
        return self._peek() if flags else os.read(self.fd, size)

    def _peek(self) -> bytes:
        """Return some byte if there is one to read, ``b""`` if there will never be another."""
        poll = select.poll()
        poll.register(self.fd, select.POLLIN)
        state = dict(poll.poll(0)).get(self.fd, 0)
        if not state:
            raise BlockingIOError(errno.EAGAIN, "nothing to read now")
        return b"\0" if state & select.POLLIN else b""

    def send(self, data: bytes) -> int:
        """Write ``data``; returns how many bytes were taken."""
        return os.write(self.fd, data)

    def shutdown(self, how: int) -> None:
        """Do nothing: a file has no half to close."""

    def fileno(self) -> int:
        """Return the duplicate's number, -1 when closed."""
        return self.fd

    def detach(self) -> int:
        """Forget the descriptor without closing it."""
        fd, self.fd = self.fd, -1
        return fd

    def close(self) -> None:
        """Close the duplicate."""
        fd = self.detach()
        if fd >= 0:
            if self._set_back and self._pid == os.getpid():  # a forked child shares the setting
                os.set_blocking(fd, True)
            os.close(fd)


class FileDispatcher(Dispatcher):
    """A dispatcher on a descriptor: ``recv()`` reads it and ``send()`` writes it.

    It watches for reading; for a descriptor that is only written, call ``pause_reading()``.
    Regular files are always ready.

    Args:
        loop: the loop that serves it.
        fd: a descriptor or an object with ``fileno()``.  It is duplicated, and only the duplicate
            is closed.

    Raises:
        OSError: not an open descriptor, or the system (Windows) can wait for sockets only.
    """

    def __init__(self, loop: EventLoop, fd: int | HasFileno) -> None:
        """Watch a duplicate of ``fd``."""
        if not hasattr(select, "poll"):
            raise OSError(
                errno.ENOTSUP,
                "select() on this system waits for sockets only: read and write files in threads "
                "(ThreadPool), not with FileDispatcher",
            )
        super().__init__(loop)
        number = fd if isinstance(fd, int) else fd.fileno()
        self._move_(Life.OPEN)
        self.addr = number
        # Dispatcher calls no more of a socket than FileWrapper has.
        try:
            self.set_socket(cast(socket.socket, FileWrapper(number)))
        except BaseException:
            self.close()
            raise
