"""A pipe, terminal or file with the methods of a socket that a dispatcher calls."""

import os
import socket
import warnings


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
        """Close the duplicate with a ResourceWarning, as sockets do."""
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
        """Return 0, no error, for SO_ERROR: the one option that dispatchers read.

        Raises:
            NotImplementedError: any other option.
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
