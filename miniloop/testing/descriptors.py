"""The descriptor table of the simulated process, and what a descriptor refers to.

The table assigns the lowest free number, as the kernel does.  A number that was closed is assigned
again at once, which is where event loops go wrong.
"""

import errno
import heapq
from typing import Protocol

from miniloop.testing.errors import error

FIRST = 3
"""0, 1 and 2 are open in every process."""


class Watcher(Protocol):
    """What an open file needs of an epoll set that watches it."""

    def note(self, fd: int) -> None:
        """Poll this file again: it has changed."""

    def forget(self, fd: int) -> None:
        """Stop watching: the file was closed."""


class OpenFile:
    """What a descriptor refers to.

    Attributes:
        fd: its number, -1 when it is closed.
        watchers: the epoll sets that watch it.
    """

    def __init__(self) -> None:
        """Start without a number."""
        self.fd = -1
        self.watchers: list[Watcher] = []

    def poll(self) -> int:
        """Return the present readiness, in the kernel's bits."""
        return 0

    def release(self) -> None:
        """Free what belongs to the file; called when its descriptor was closed."""

    def changed(self) -> None:
        """Let the watchers poll this file again."""
        for watcher in self.watchers:
            watcher.note(self.fd)


class Descriptors:
    """The table.

    Args:
        limit: the number of descriptors that may be open at once (RLIMIT_NOFILE).

    Attributes:
        files: the open files by number.
    """

    def __init__(self, limit: int) -> None:
        """Start with an empty table."""
        self.files: dict[int, OpenFile] = {}
        self._limit = limit
        self._free: list[int] = []

    def open(self, file: OpenFile) -> int:
        """Assign the lowest free number to ``file``; OSError (EMFILE) when there is none."""
        self.check_room()
        fd = heapq.heappop(self._free) if self._free else FIRST + len(self.files)
        self.files[fd] = file
        file.fd = fd
        return fd

    def check_room(self) -> None:
        """Raise OSError (EMFILE) when no number is free."""
        if len(self.files) >= self._limit:
            raise error(errno.EMFILE)

    def close(self, fd: int) -> None:
        """Close a file and free its number; OSError (EBADF) when it is not open."""
        file = self.get(fd)
        for watcher in file.watchers:
            watcher.forget(fd)
        file.watchers.clear()
        file.fd = -1
        del self.files[fd]
        heapq.heappush(self._free, fd)
        file.release()

    def get(self, fd: int) -> OpenFile:
        """Return the open file with this number; OSError (EBADF) when there is none."""
        try:
            return self.files[fd]
        except KeyError:
            raise error(errno.EBADF) from None
