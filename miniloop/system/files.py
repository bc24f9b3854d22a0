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
from miniloop.system import terminals


class HasFileno(Protocol):
    """An object with a descriptor: a file, ``sys.stdin``, a pipe's end."""

    def fileno(self) -> int:
        """Return the descriptor."""


class FileWrapper:
    """A descriptor under the names of a socket's methods.

    It works on a descriptor of its own, so the original stays its owner's, to close or not. What
    would make a read or write wait depends on what the descriptor is:

    - *A descriptor that is non-blocking already* stays so.
    - *A regular file* stays as it is: a disk is always ready.
    - *A terminal or a serial line* is opened again (``terminals.py``), because its setting is
      shared with other programs, the shell for instance. Where that is refused it is used in small
      steps.
    - *Anything else*, a pipe or the master of a pseudo-terminal, is set non-blocking, and set back
      on ``close()``.
    """

    type = 0

    def __init__(self, fd: int) -> None:
        """Open or duplicate ``fd``."""
        blocking = os.get_blocking(fd) and not stat.S_ISREG(os.fstat(fd).st_mode)
        shared = blocking and os.isatty(fd) and not terminals.is_master(fd)
        again = terminals.opened_again(fd) if shared else -1
        self.fd = again if again >= 0 else os.dup(fd)
        self._in_steps = shared and again < 0
        self._set_back = blocking and not shared
        self._pid = os.getpid()
        if self._set_back:
            os.set_blocking(self.fd, False)

    def setblocking(self, flag: bool) -> None:
        """Do nothing: the constructor decided."""

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Read at most ``size`` bytes; with ``flags`` (MSG_PEEK), only tell if there are any."""
        if flags:
            return self._peek()
        return terminals.read_if_ready(self.fd, size) if self._in_steps else os.read(self.fd, size)

    def _peek(self) -> bytes:
        """Return some byte if there is one to read, ``b""`` if there will never be another."""
        poll = select.poll()
        poll.register(self.fd, select.POLLIN)
        state = dict(poll.poll(0)).get(self.fd, 0)
        if not state:
            raise BlockingIOError(errno.EAGAIN, "nothing to read now")
        over = state & select.POLLHUP and terminals.is_hung_up(self.fd)
        return b"\0" if state & select.POLLIN and not over else b""

    def send(self, data: bytes | bytearray | memoryview) -> int:
        """Write ``data``; returns how many bytes were taken."""
        if self._in_steps:
            return terminals.write_in_steps(self.fd, data)
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

    Neither waits: ``send()`` takes what there is room for, and ``handle_write()`` follows when
    there is room again.  A terminal keeps its settings, and programs that share it notice nothing.
    It watches for reading; for a descriptor that is only written, call ``pause_reading()``.
    Regular files are always ready.

    Args:
        loop: the loop that serves it.
        fd: a descriptor or an object with ``fileno()``.  It is duplicated, a terminal is opened
            again, and only this copy is closed.

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
