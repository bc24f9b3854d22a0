"""kqueue(2): macOS and the BSDs.

kqueue watches descriptors, each with a READ and a WRITE filter, and drops both on ``close()``.  The
peer's end is the flag EV_EOF on READ, with unread data or without.  So HANGUP alone is a READ
filter with a low-water mark (NOTE_LOWAT) that data does not reach.  Darwin lowers that mark to the
size of the receive buffer; with EV_CLEAR, a full one triggers the filter once and not in every
call.  That flag would report the end once, too, where poll and epoll repeat it, so an ordinary READ
filter takes over at the end.  It cannot be added on top: that changes the mark and not the flags.
"""

from __future__ import annotations

import os
import select
import stat
from contextlib import suppress

from miniloop.readiness import HANGUP, READ, WRITE
from miniloop.selectors.poll import PollSelector, limited

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from miniloop.selectors.poll import Ready

    _Filter = tuple[int, ...]  # what kevent() takes behind the descriptor


class KqueueSelector(PollSelector):
    """macOS and the BSDs: as epoll, but without URGENT, for which ``select`` has no filter.

    Args:
        module: what has ``kqueue``, ``kevent`` and their constants.
    """

    sees = READ | WRITE | HANGUP

    def __init__(self, module: Any = select) -> None:
        """Open the kqueue."""
        self._module = module
        super().__init__()
        reads, add = module.KQ_FILTER_READ, module.KQ_EV_ADD
        mark = 2**31 - 1  # bytes: no buffer is that large
        self._read: _Filter = (reads, add)
        self._end: _Filter = (reads, add | module.KQ_EV_CLEAR, module.KQ_NOTE_LOWAT, mark)
        self._write: _Filter = (module.KQ_FILTER_WRITE, add)

    def _new_kernel(self) -> Any:
        return self._module.kqueue()

    def fileno(self) -> int:
        """Return the kqueue's own descriptor, readable while something watched is ready."""
        return int(self._kernel.fileno())

    outer_fileno = fileno

    def select(self, timeout: float | None = None) -> Ready:
        """Wait at most ``timeout`` seconds; return (key, readiness bits) pairs."""
        timeout = limited(timeout)
        at_once = self._ready_at_once()
        room = 2 * len(self._keys) or 1  # without room for an event it would not wait
        found: dict[int, int] = {}
        for event in self._kernel.control(None, room, 0 if at_once else timeout):
            found[event.ident] = found.get(event.ident, 0) | self._readiness(event)
        keys = [self._keys[fd] for fd in found]
        return [(key, bits) for key in keys if (bits := found[key.fd] & key.events)] + at_once

    def close(self) -> None:
        """Forget everything, and close the kqueue."""
        super().close()
        self._kernel.close()

    def _readiness(self, event: Any) -> int:
        """Return the readiness bits of one event, registered for or not."""
        if event.filter == self._module.KQ_FILTER_WRITE:
            return WRITE
        if not event.flags & self._module.KQ_EV_EOF:
            return READ
        if event.flags & self._module.KQ_EV_CLEAR:
            self._exchange(event.ident, {self._end}, {self._read})
        return READ | HANGUP

    def _translate(self, events: int) -> set[_Filter]:
        super()._translate(events)
        reading = {self._read} if events & READ else {self._end} if events & HANGUP else set()
        return reading | {self._write} if events & WRITE else reading

    def _watch(self, fd: int, bits: set[_Filter]) -> None:
        if stat.S_ISREG(os.fstat(fd).st_mode):
            self._always_ready.add(fd)
        else:
            self._exchange(fd, set(), bits)

    def _change(self, fd: int, bits: set[_Filter]) -> None:
        self._exchange(fd, self._translate(self._keys[fd].events), bits)

    def _forget(self, fd: int) -> None:
        with suppress(OSError):  # EBADF, ENOENT: closed behind our back, so it is forgotten already
            self._exchange(fd, self._translate(self._keys[fd].events), set())

    def _exchange(self, fd: int, old: set[_Filter], new: set[_Filter]) -> None:
        """Delete and add the filters that differ, one a call; an error leaves none behind."""
        try:
            for number, *_ in old - new:
                self._send(fd, number, self._module.KQ_EV_DELETE)
            for each in new - old:
                self._send(fd, *each)
        except OSError as error:
            for number, *_ in (self._read, self._write):
                with suppress(OSError):  # it was not there
                    self._send(fd, number, self._module.KQ_EV_DELETE)
            if not isinstance(error, BrokenPipeError):
                raise
            self._always_ready.add(fd)  # a pipe without a reader: the next write fails

    def _send(self, fd: int, *change: int) -> None:
        self._kernel.control([self._module.kevent(fd, *change)], 0)
