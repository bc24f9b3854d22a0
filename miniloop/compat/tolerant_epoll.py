"""An epoll set that answers as poll(2) would and tolerates descriptors closed without notice.

The native loop relies on channels to be unregistered before they are closed.  asyncore's programs
close sockets first, reuse numbers, and put another file in the place of one (``dup2``).  There that
is no mistake, so nothing here logs a warning.
"""

import errno
from typing import Any

from miniloop.selectors import EpollSelector
from miniloop.selectors.poll import POLLIN, POLLNVAL, POLLOUT, to_poll_bits

_CLOSED = (errno.EBADF, errno.EINVAL, errno.ELOOP)
"""Errors that mean it: EINVAL and ELOOP where the number is an epoll set's by now."""


class TolerantEpoll(EpollSelector):
    """An epoll set that takes descriptors that are closed, or another file by now.

    Attributes:
        dead: descriptors that were found closed; ready with POLLNVAL until they are opened again.
    """

    def __init__(self) -> None:
        """Open the epoll set."""
        super().__init__()
        self.dead: set[int] = set()
        self._complained = True  # so that rebuilding is logged for debugging only

    def poll_now(self) -> list[tuple[int, int]]:
        """Return what is ready at this moment: (descriptor, poll(2) bits) pairs."""
        at_once = self._ready_without_epoll()
        keys = self._keys
        events = self._kernel.poll(0, len(keys) or 1)
        if any(fd not in keys for fd, _ in events):
            self._rebuild("it reported a descriptor that is not registered")
            events = [event for event in events if event[0] in keys]
        return [*events, *at_once]

    def always_ready(self) -> bool:
        """Return whether something is ready of which epoll's descriptor knows nothing."""
        return bool(self.dead) or super().always_ready()

    def would_rebuild(self, fd: int) -> bool:
        """Return whether to register ``fd`` would cost a new epoll set: it was closed in there."""
        return fd in self._suspects

    def _ready_without_epoll(self) -> list[tuple[int, int]]:
        """Return what poll(2) says of regular files and of closed descriptors."""
        for fd in [*self.dead]:
            self.recheck(fd)  # a number may have been opened again
        if not self._always_ready and not self.dead:
            return []
        files = [
            (key.fd, to_poll_bits(interest) & (POLLIN | POLLOUT))
            for key, interest in self._ready_at_once()
        ]
        return files + [(fd, POLLNVAL) for fd in self.dead]

    def recheck(self, fd: int) -> None:
        """Find out whether a descriptor is closed; register it anew if it is another file now."""
        if fd not in self._keys or fd in self._always_ready:
            return
        self.dead.discard(fd)
        try:
            self._kernel.modify(fd, to_poll_bits(self._keys[fd].events))
        except FileNotFoundError:
            self._rebuild(f"descriptor {fd} is another file now")
        except OSError:
            self.dead.add(fd)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> Any:
        """As in the base class; a descriptor that is closed is dead and no error."""
        try:
            return super().modify(fileobj, events, data)
        except OSError:
            key = self._keys[fileobj] = self._keys[fileobj]._replace(events=events)
            self.recheck(fileobj)
            return key

    def _watch(self, fd: int, bits: int) -> None:
        """As in the base class; a descriptor that is closed is dead and no error."""
        try:
            super()._watch(fd, bits)
        except FileExistsError:
            self._kernel.modify(fd, bits)
        except OSError as error:
            if error.errno not in _CLOSED:
                raise
            self.dead.add(fd)

    def _forget(self, fd: int) -> None:
        """As in the base class; the kernel forgot a dead one itself."""
        if fd in self.dead:
            self.dead.discard(fd)
        else:
            super()._forget(fd)
