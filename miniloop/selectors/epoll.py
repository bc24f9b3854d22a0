"""epoll(7): Linux.

epoll watches *open files*, not descriptors.  When a descriptor is closed without being unregistered
while a duplicate of it lives on (``dup``, ``fork``), the kernel goes on reporting the old number,
and EPOLL_CTL_DEL refuses it, because it takes open descriptors only.  68,921 empty returns in 0.2 s
were measured that way.  The only cure is a new epoll object.
"""

from __future__ import annotations

import logging
import select
from contextlib import suppress

from miniloop.selectors.poll import LONGEST_WAIT, POLLIN, READINESS, PollSelector, limited

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from miniloop.selectors.poll import Ready

logger = logging.getLogger("miniloop")

MOST_EVENTS = 128
"""Events of one call.  The kernel goes round those that are ready, so none waits for ever; and
however many are busy, their output is flushed, and timers run, after 128 handlers."""


class EpollSelector(PollSelector):
    """Linux: its cost grows with the descriptors that are ready, not with those watched."""

    def __init__(self) -> None:
        """Open the epoll object."""
        super().__init__()
        self._suspects: set[int] = set()  # unregistered here, perhaps not in the kernel
        self._complained = False
        self._outer: Any = None

    def _new_kernel(self) -> Any:
        return select.epoll()

    def fileno(self) -> int:
        """Return epoll's own descriptor, readable while something watched is ready."""
        return int(self._kernel.fileno())

    def outer_fileno(self) -> int:
        """Return the descriptor of an epoll object around ours; a rebuilt set keeps it."""
        if self._outer is None:
            outer = select.epoll()
            outer.register(self._kernel, POLLIN)
            self._outer = outer
        return int(self._outer.fileno())

    def select(self, timeout: float | None = None) -> Ready:
        """Wait at most ``timeout`` seconds; return (key, readiness bits) pairs."""
        if timeout is not None and not 0 <= timeout <= LONGEST_WAIT:  # saves most passes a call
            timeout = limited(timeout)
        keys = self._keys
        at_once = self._ready_at_once() if self._always_ready else ()
        events = self._kernel.poll(0 if at_once else timeout, MOST_EVENTS)
        try:
            ready = [(keys[fd], READINESS[bits]) for fd, bits in events]
        except KeyError:
            self._rebuild("it reported a descriptor that is not registered")
            ready = [(keys[fd], READINESS[bits]) for fd, bits in events if fd in keys]
        ready += at_once
        return ready

    def close(self) -> None:
        """Forget everything, and close the epoll objects."""
        super().close()
        self._kernel.close()
        if self._outer is not None:
            self._outer.close()

    def _watch(self, fd: int, bits: int) -> None:
        if fd in self._suspects:
            # The number's last owner could not be unregistered: what it left behind in the
            # kernel would be taken for readiness of the new owner.
            self._rebuild(f"descriptor {fd} was closed before it was unregistered, and came back")
        try:
            self._kernel.register(fd, bits)
        except PermissionError:
            self._always_ready.add(fd)

    def _forget(self, fd: int) -> None:
        try:
            self._kernel.unregister(fd)
        except OSError:  # EBADF, ENOENT: closed, and perhaps reused, behind our back
            self._suspects.add(fd)

    def _rebuild(self, reason: str) -> None:
        """Start over with a new epoll object and the live registrations; say so once."""
        log = logger.debug if self._complained else logger.warning
        self._complained = True
        log("rebuilding the epoll set: %s (close channels with close(), not their sockets)", reason)
        if self._outer is not None:
            self._outer.unregister(self._kernel)
        self._kernel.close()
        self._kernel = self._new_kernel()
        if self._outer is not None:
            self._outer.register(self._kernel, POLLIN)
        self._suspects.clear()
        for fd, key in self._keys.items():
            if fd not in self._always_ready:
                with suppress(OSError):  # its owner learns of it at its next use
                    self._kernel.register(fd, self._translate(key.events))
