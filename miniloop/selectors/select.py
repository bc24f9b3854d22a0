"""select(2): Windows, where it takes sockets only, and whatever has nothing better.

A closed descriptor makes the whole call fail.  It is found by asking for each alone, and reported
as poll(2) reports it: ready, so that its owner gets the error from its next use.
"""

from __future__ import annotations

import select
import sys
import time

from miniloop.readiness import READ, URGENT, WRITE
from miniloop.selectors.poll import LONGEST_WAIT, POLLNVAL, READINESS, PollSelector, limited

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from miniloop.selectors.poll import Ready


class SelectSelector(PollSelector):
    """512 sockets on Windows, descriptors up to 1,023 elsewhere; the cost grows with those watched.

    Windows reports a connect that failed among the exceptional conditions, and refuses a call that
    waits for nothing.

    Args:
        module: what has ``select()``.
        windows: whether it is that of Windows.
    """

    sees = READ | WRITE | URGENT

    def __init__(self, module: Any = select, windows: bool = sys.platform == "win32") -> None:
        self._select = module.select
        self._windows = windows
        super().__init__()

    def _new_kernel(self) -> dict[int, set[int]]:  # the three sets of the call
        return {READ: set(), WRITE: set(), URGENT: set()}

    def select(self, timeout: float | None = None) -> Ready:
        """Wait at most ``timeout`` seconds; return (key, readiness bits) pairs."""
        timeout = limited(timeout)
        if self._windows and not self._keys:
            time.sleep(LONGEST_WAIT if timeout is None else timeout)
            return []
        readers, writers, urgent = self._kernel.values()
        exceptional = urgent | writers if self._windows else urgent
        try:
            found = self._select(readers, writers, exceptional, timeout)
        except OSError:
            closed = [key for fd, key in self._keys.items() if self._is_closed(fd)]
            if not closed:
                raise
            return [(key, READINESS[POLLNVAL]) for key in closed]
        return self._merged(*found)

    def _merged(self, readable: list[int], writable: list[int], exceptional: list[int]) -> Ready:
        """Return each descriptor once, with the sets in which it was found."""
        found = dict.fromkeys(readable, READ)
        for fd in writable:
            found[fd] = found.get(fd, 0) | WRITE
        for fd in exceptional:
            urgent = fd in self._kernel[URGENT]
            found[fd] = found.get(fd, 0) | (URGENT if urgent else WRITE)
        return [(self._keys[fd], bits) for fd, bits in found.items()]

    def _is_closed(self, fd: int) -> bool:
        try:
            self._select([fd], [], [], 0)
        except OSError:
            return True
        return False

    def _translate(self, events: int) -> int:
        super()._translate(events)
        return events

    def _watch(self, fd: int, events: int) -> None:
        self._select([fd], [], [], 0)  # raises now, for this descriptor alone
        self._change(fd, events)

    def _change(self, fd: int, events: int) -> None:
        for bit, fds in self._kernel.items():
            (fds.add if events & bit else fds.discard)(fd)

    def _forget(self, fd: int) -> None:
        self._change(fd, 0)
