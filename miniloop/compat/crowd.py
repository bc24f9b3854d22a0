"""The descriptors of a map, for the kernel: a list for poll(2), and an epoll set for the others.

The two are good at different things, and the line between them is drawn by measuring:

* poll(2) takes its list anew with every call, 40 ns a descriptor.  To change what is wanted of one
  costs no system call, and one that was closed or replaced behind our back is simply seen.
* An epoll set costs nothing for those who are silent, a system call for each change, and drops
  closed descriptors without a word (``patience.py``).

So the list is for those who change what they want all the time and are asked on every pass anyhow,
for the first ``FEW`` of the others, and for those on a number that was closed before it left the
set, which the set could not take without being made anew.  The set is for the silent crowd beyond,
and is itself one descriptor in the list.
"""

import select
import time

from miniloop.compat.patience import PatientSelector
from miniloop.readiness import READ, URGENT, WRITE
from miniloop.selectors.poll import POLLIN, POLLOUT, POLLPRI

FEW = 100
"""Descriptors in the list that need not be there: 4 µs a pass, where asking them took 45."""

LONGEST_WAIT = 2**31 - 1
"""Milliseconds: poll(2) takes no more.  select(2) does, and programs ask for it."""

AS_SELECT = {
    READ: POLLIN | POLLPRI,
    WRITE: POLLOUT | POLLPRI,
    READ | WRITE: POLLIN | POLLOUT | POLLPRI,
}
"""What asyncore asks of select(2): urgent data for everybody."""

AS_POLL = AS_SELECT | {WRITE: POLLOUT}
"""What it asks of poll(2): urgent data for readers only."""

Events = list[tuple[int, int]]
"""Descriptors and their poll(2) bits."""


class Crowd:
    """Whom to wait for, and for what.

    Args:
        bits: the poll(2) bits for readiness bits.
    """

    def __init__(self, bits: dict[int, int]) -> None:
        """Wait for nobody yet."""
        self._bits = bits
        self._list = select.poll()
        self._listed: set[int] = set()
        self._set: PatientSelector | None = None
        self._set_fd = -1

    @property
    def in_order(self) -> bool:
        """Whether ``wait()`` answers in the order of the first ``tell()``."""
        return self._set is None

    def __len__(self) -> int:
        """Return how many descriptors are waited for."""
        return len(self._listed) + (0 if self._set is None else len(self._set.get_map()))

    def tell(self, fd: int, wanted: int, restless: bool) -> None:
        """From now on wait for ``wanted`` of ``fd``.

        Args:
            fd: the descriptor, open or not.
            wanted: READ, WRITE or both; 0 for nothing.
            restless: it changes what it wants on most passes.
        """
        if fd in self._listed:
            if wanted:
                self._list.register(fd, self._bits[wanted])
            else:
                self._list.unregister(fd)
                self._listed.discard(fd)
        elif self._set is not None and fd in self._set.get_map():
            self._tell_set(self._set, fd, wanted)
        elif wanted and (restless or self._better_listed(fd)):
            self._list.register(fd, self._bits[wanted])
            self._listed.add(fd)
        elif wanted:
            self._open_set().register(fd, self._with_urgent(wanted))

    def _better_listed(self, fd: int) -> bool:
        if len(self._listed) < FEW or not hasattr(select, "epoll"):
            return True
        return self._set is not None and self._set.suspects(fd)

    def _tell_set(self, many: PatientSelector, fd: int, wanted: int) -> None:
        if wanted:
            many.modify(fd, self._with_urgent(wanted))
        else:
            many.unregister(fd)

    def _with_urgent(self, wanted: int) -> int:
        return wanted | URGENT if self._bits[wanted] & POLLPRI else wanted

    def _open_set(self) -> PatientSelector:
        """Return the epoll set, which few programs ever need."""
        if self._set is None:
            self._set = PatientSelector()
            self._list_set(self._set)
        return self._set

    def _list_set(self, many: PatientSelector) -> int:
        """Have the set itself in the list, under the number that it has now; return that."""
        number = many.fileno()
        if number != self._set_fd:  # it was made anew
            if self._set_fd >= 0:
                self._list.unregister(self._set_fd)
            self._list.register(number, POLLIN)
            self._set_fd = number
        return number

    # -- waiting ---------------------------------------------------------------------------------

    def wait(self, timeout: float | None) -> Events:
        """Wait at most ``timeout`` seconds; a closed descriptor is ready with POLLNVAL."""
        many = self._set
        if many is None:
            return self._poll_list(timeout)
        own = self._list_set(many)
        at_once = many.answers_at_once()
        if at_once:
            timeout = 0
        events = self._poll_list(timeout)
        others = [event for event in events if event[0] != own]
        if at_once or len(others) < len(events):
            others += many.wait(0)
        return others

    def _poll_list(self, timeout: float | None) -> Events:
        """Wait for the list, as long as select(2) would."""
        if timeout is None:
            return self._list.poll()
        if 0 < timeout < 0.001:  # poll(2) would make a whole millisecond of it
            events = self._list.poll(0)
            if events:
                return events
            time.sleep(timeout)
            timeout = 0
        return self._list.poll(min(timeout * 1000, LONGEST_WAIT))

    def doubt(self, fd: int) -> None:
        """Have a descriptor in the set checked; the list's are, with every call."""
        if self._set is not None:
            self._set.doubt(fd)

    def close(self) -> None:
        """Close the set."""
        if self._set is not None:
            self._set.close()
