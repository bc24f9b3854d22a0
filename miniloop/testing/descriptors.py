"""The descriptor table of the simulated process, and what stands in it.

The kernel hands out the lowest free number.  So does this table: a number that was closed comes
back at once, which is where event loops go wrong.
"""

import errno
import heapq
import os
from typing import Protocol

FIRST = 3
"""0, 1 and 2 are taken in every process."""


class Watcher(Protocol):
    """Who watches an open file: an epoll set."""

    def note(self, fd: int) -> None:
        """Something has changed there: look again."""

    def forget(self, fd: int) -> None:
        """The file was closed: the kernel watches it no more."""


class OpenFile:
    """What a descriptor stands for.

    Attributes:
        fd: its number, -1 when it is closed.
    """

    def __init__(self) -> None:
        """Be on no table yet."""
        self.fd = -1
        self.watchers: list[Watcher] = []

    def poll(self) -> int:
        """Return the readiness that holds now, in the kernel's bits."""
        return 0

    def release(self) -> None:
        """The descriptor was closed: give back what it stood for."""

    def changed(self) -> None:
        """Tell the watchers to look again."""
        for watcher in self.watchers:
            watcher.note(self.fd)


class Descriptors:
    """The table.

    Args:
        limit: how many descriptors the process may have open (RLIMIT_NOFILE).
    """

    def __init__(self, limit: int) -> None:
        """Begin with an empty table."""
        self.files: dict[int, OpenFile] = {}
        self._limit = limit
        self._free: list[int] = []

    def open(self, file: OpenFile) -> int:
        """Give ``file`` the lowest free number; OSError (EMFILE) when there is none."""
        self.check_room()
        fd = heapq.heappop(self._free) if self._free else FIRST + len(self.files)
        self.files[fd] = file
        file.fd = fd
        return fd

    def check_room(self) -> None:
        """Refuse when no number is left: OSError (EMFILE)."""
        if len(self.files) >= self._limit:
            raise error(errno.EMFILE)

    def close(self, fd: int) -> None:
        """Free a number; OSError (EBADF) when it is not open."""
        file = self.get(fd)
        for watcher in file.watchers:
            watcher.forget(fd)
        file.watchers.clear()
        file.fd = -1
        del self.files[fd]
        heapq.heappush(self._free, fd)
        file.release()

    def get(self, fd: int) -> OpenFile:
        """Return what ``fd`` stands for; OSError (EBADF) when it is not open."""
        try:
            return self.files[fd]
        except KeyError:
            raise error(errno.EBADF) from None


def error(number: int) -> OSError:
    """Make the OSError that Python makes of an errno."""
    return OSError(number, os.strerror(number))
