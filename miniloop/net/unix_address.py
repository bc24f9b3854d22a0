"""The socket file of a UNIX listener: whose it is, when it may be replaced, when removed.

``bind()`` makes a file, and closing the socket leaves it.  So a listener removes its file, unless
the path leads to another file by then: a new server has taken the path over, the directory has
changed, or the listener is a forked child's copy.
"""

import errno
import logging
import os
import socket
import stat

logger = logging.getLogger("miniloop")

Path = str | bytes


def is_abstract(path: Path) -> bool:
    """Return whether a name is abstract (Linux): it begins with NUL and has no file."""
    return path[:1] in ("\0", b"\0", "", b"")


class SocketFile:
    """The file of a bound UNIX socket.

    Args:
        path: as given to ``bind()``; it is made absolute, so that ``chdir()`` does not matter.
    """

    def __init__(self, path: Path) -> None:
        """Remember which file it is."""
        self._path = os.path.abspath(path)
        self._identity = _identity(self._path)
        self._pid = os.getpid()

    def remove(self) -> None:
        """Remove the file if it is still the same one, and this process made it."""
        if self._pid != os.getpid():
            return
        try:
            if _identity(self._path) == self._identity:
                os.unlink(self._path)
        except OSError as error:
            logger.debug("cannot remove %r: %s", self._path, error)


def _identity(path: Path) -> tuple[int, int]:
    """Return the device and the number of a file, which no other has at the same time."""
    found = os.stat(path)
    return found.st_dev, found.st_ino


def remove_dead(path: Path) -> bool:
    """Remove the socket file of a server that is gone; return whether the path is free.

    Raises:
        OSError: the file cannot be looked at or removed.
    """
    if is_abstract(path):
        return False
    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            return False
        with socket.socket(socket.AF_UNIX) as probe:
            probe.setblocking(False)  # a server whose backlog is full is not dead
            if probe.connect_ex(path) != errno.ECONNREFUSED:
                return False
        os.unlink(path)
    except FileNotFoundError:
        pass  # another server has just removed it
    return True
