"""An epoll set that answers as poll(2) would, and that survives what is done behind its back.

The native loop may rely on channels to leave before they close.  asyncore's programs close sockets
first, reuse numbers, and put another file in the place of one (``dup2``); there that is no mistake,
so nothing here warns of it.
"""

import errno
from typing import Any

from miniloop.selectors import EpollSelector
from miniloop.selectors.poll import POLLIN, POLLNVAL, POLLOUT, to_poll_bits

_CLOSED = (errno.EBADF, errno.EINVAL, errno.ELOOP)
"""Errors that say so: EINVAL and ELOOP, where the number is by now that of an epoll set."""


class PatientSelector(EpollSelector):
    """Takes descriptors that are closed, or another file by now.

    Attributes:
        dead: descriptors that were found closed.
    """

    def __init__(self) -> None:
        """Watch nothing yet."""
        super().__init__()
        self.dead: set[int] = set()
        self._complained = True

    def wait(self, timeout: float | None) -> list[tuple[int, int]]:
        """Wait at most ``timeout`` seconds; return (descriptor, poll(2) bits) pairs."""
        at_once = self._answers_without_kernel() if self.answers_at_once() else []
        events = self._kernel.poll(0 if at_once else timeout, len(self._keys) or 1)
        keys = self._keys
        if any(fd not in keys for fd, _ in events):
            self._rebuild("it reported a descriptor that is not registered")
            events = [event for event in events if event[0] in keys]
        return [*events, *at_once]

    def answers_at_once(self) -> bool:
        """Return whether ``wait()`` would not wait."""
        return bool(self.dead or self._always_ready)

    def suspects(self, fd: int) -> bool:
        """Return whether to watch ``fd`` would cost a new epoll set: it was closed unseen."""
        return fd in self._suspects

    def _answers_without_kernel(self) -> list[tuple[int, int]]:
        """Return what poll(2) says of regular files and of closed descriptors."""
        for fd in [*self.dead]:
            self._touch(fd)  # a number comes back to life when it is opened again
        files = [
            (key.fd, to_poll_bits(wanted) & (POLLIN | POLLOUT))
            for key, wanted in self._ready_at_once()
        ]
        return files + [(fd, POLLNVAL) for fd in self.dead]

    def doubt(self, fd: int) -> None:
        """Find out whether a descriptor is closed; watch it anew if it is another file now."""
        if fd in self._keys and fd not in self._always_ready:
            self._touch(fd)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> Any:
        """As in the base class, for descriptors that may be gone."""
        try:
            return super().modify(fileobj, events, data)
        except OSError:
            key = self._keys[fileobj] = self._keys[fileobj]._replace(events=events)
            self._touch(fileobj)
            return key

    def _touch(self, fd: int) -> None:
        """Tell the kernel what it should know already, to see whether it does."""
        self.dead.discard(fd)
        try:
            self._kernel.modify(fd, to_poll_bits(self._keys[fd].events))
        except FileNotFoundError:
            self._rebuild(f"descriptor {fd} is another file now")
        except OSError:
            self.dead.add(fd)

    def _watch(self, fd: int, bits: int) -> None:
        """As in the base class; a closed descriptor is dead and not an error."""
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
