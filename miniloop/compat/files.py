"""Pipes, terminals and files under the handlers of a dispatcher."""

import os
import socket
import warnings
from typing import Any

from miniloop.compat.dispatcher import dispatcher
from miniloop.compat.surface import surface
from miniloop.compat.watches import Map


class file_wrapper:
    """A duplicate of a descriptor, with the methods that a dispatcher calls on its socket.

    Attributes:
        fd: the duplicate, -1 when closed.

    Args:
        fd: the descriptor; it stays its owner's.
    """

    __module__ = "asyncore"  # what repr() and warnings show of it

    fd = -1

    def __init__(self, fd: int) -> None:
        """Duplicate ``fd``."""
        self.fd = os.dup(fd)

    def __del__(self) -> None:
        """Close it, and complain, as sockets do."""
        if self.fd >= 0:
            warnings.warn(f"unclosed file {self!r}", ResourceWarning, stacklevel=1, source=self)
        self.close()

    def recv(self, *args: int) -> bytes:
        """Read at most so many bytes."""
        return os.read(self.fd, *args)

    def send(self, *args: bytes) -> int:
        """Write; return the number of bytes taken."""
        return os.write(self.fd, *args)

    read = recv
    write = send

    def getsockopt(self, level: int, optname: int, buflen: int | None = None) -> int:
        """Return 0, "no error", to the one question that dispatchers ask.

        Raises:
            NotImplementedError: any other question.
        """
        if (level, optname) == (socket.SOL_SOCKET, socket.SO_ERROR) and not buflen:
            return 0
        raise NotImplementedError("Only asyncore specific behaviour implemented.")

    def close(self) -> None:
        """Close the duplicate, once."""
        fd, self.fd = self.fd, -1
        if fd >= 0:
            os.close(fd)

    def fileno(self) -> int:
        """Return the duplicate's number, -1 when closed."""
        return self.fd


class file_dispatcher(dispatcher):
    """A dispatcher on a pipe, a terminal or a file.

    Args:
        fd: a descriptor, or an object with ``fileno()``.  It is set non-blocking and duplicated;
            only the duplicate is closed.
        map: the map to be served in.
    """

    __module__ = "asyncore"

    def __init__(self, fd: Any, map: Map | None = None) -> None:
        """Stand in the map at once."""
        dispatcher.__init__(self, None, map)
        self.connected = True
        number = fd.fileno() if hasattr(fd, "fileno") else fd
        self.set_file(number)
        os.set_blocking(number, False)

    def set_file(self, fd: int) -> None:
        """Own a duplicate of ``fd`` and stand in the map."""
        self.socket = surface().file_wrapper(fd)  # of a socket it has all that is called
        self._fileno = self.socket.fileno()
        self.add_channel()
