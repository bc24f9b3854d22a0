"""The descriptors of a map and what the kernel reports of each: a poll list and an epoll set.

The two system calls are good at different things, and the line between them is drawn by measuring:

* poll(2) takes its list anew with every call, at 40 ns a descriptor.  A changed interest costs no
  system call, and a descriptor that was closed or replaced without notice is seen at once.
* An epoll set costs nothing for silent descriptors and a system call for each change, and drops
  closed descriptors without a report (``tolerant_epoll.py``).

So the poll list takes the descriptors of objects that are asked on every pass, because their
interest changes all the time; the first ``POLL_LIST_SIZE`` of the others; and numbers that were
closed before they left the epoll set, which could not take them again without being rebuilt.  The
epoll set takes all the rest, and is itself one descriptor in the poll list.
"""

import select
import time

from miniloop.compat.tolerant_epoll import TolerantEpoll
from miniloop.readiness import READ, URGENT, WRITE
from miniloop.selectors.poll import POLLIN, POLLOUT, POLLPRI

POLL_LIST_SIZE = 100
"""Descriptors in the poll list that epoll could take: 4 µs a pass, where asking took 45."""

LONGEST_WAIT = 2**31 - 1
"""Milliseconds: poll(2) takes no more.  select(2) does, and programs ask for it."""

AS_SELECT = {
    READ: POLLIN | POLLPRI,
    WRITE: POLLOUT | POLLPRI,
    READ | WRITE: POLLIN | POLLOUT | POLLPRI,
}
"""What asyncore asks of select(2): urgent data for every object."""

AS_POLL = AS_SELECT | {WRITE: POLLOUT}
"""What it asks of poll(2): urgent data for readers only."""

Events = list[tuple[int, int]]
"""Descriptors and their poll(2) bits."""


class InterestList:
    """The descriptors to wait for, and the interest in each.

    Args:
        poll_bits: the poll(2) bits for an interest, ``AS_SELECT`` or ``AS_POLL``.
    """

    def __init__(self, poll_bits: dict[int, int]) -> None:
        """Start empty, without an epoll set: few maps are large enough for one."""
        self._poll_bits = poll_bits
        self._poll = select.poll()
        self._listed: set[int] = set()
        self._epoll: TolerantEpoll | None = None
        self._epoll_fd = -1

    def __len__(self) -> int:
        """Return how many descriptors are waited for."""
        return len(self._listed) + (0 if self._epoll is None else len(self._epoll.get_map()))

    def update(self, fd: int, interest: int, polled: bool) -> None:
        """Wait for ``interest`` of ``fd`` from now on.

        Args:
            fd: the descriptor, open or not.
            interest: READ, WRITE or both; 0 takes the descriptor off the list.
            polled: the object is asked on every pass, so that its interest may change on each.
        """
        if fd in self._listed:
            self._update_poll_list(fd, interest)
        elif self._epoll is not None and fd in self._epoll.get_map():
            self._update_epoll(self._epoll, fd, interest)
        elif interest and (polled or self._belongs_in_poll_list(fd)):
            self._update_poll_list(fd, interest)
        elif interest:
            self._open_epoll().register(fd, self._with_urgent(interest))

    def _belongs_in_poll_list(self, fd: int) -> bool:
        if len(self._listed) < POLL_LIST_SIZE or not hasattr(select, "epoll"):
            return True
        return self._epoll is not None and self._epoll.would_rebuild(fd)

    def _update_poll_list(self, fd: int, interest: int) -> None:
        if interest:
            self._poll.register(fd, self._poll_bits[interest])
            self._listed.add(fd)
        else:
            self._poll.unregister(fd)
            self._listed.discard(fd)

    def _update_epoll(self, epoll: TolerantEpoll, fd: int, interest: int) -> None:
        if interest:
            epoll.modify(fd, self._with_urgent(interest))
        else:
            epoll.unregister(fd)

    def _with_urgent(self, interest: int) -> int:
        return interest | URGENT if self._poll_bits[interest] & POLLPRI else interest

    def _open_epoll(self) -> TolerantEpoll:
        """Return the epoll set; open it and enter it into the poll list the first time."""
        if self._epoll is None:
            self._epoll = TolerantEpoll()
            self._epoll_fd = self._epoll.outer_fileno()  # which survives a rebuild
            self._poll.register(self._epoll_fd, POLLIN)
        return self._epoll

    # -- waiting ---------------------------------------------------------------------------------

    def wait(self, timeout: float | None) -> Events:
        """Wait for events; a closed descriptor is ready with POLLNVAL.

        Args:
            timeout: longest wait in seconds; None waits for the first event.
        """
        epoll = self._epoll
        if epoll is None:
            return self._wait_for_poll_list(timeout)
        always = epoll.always_ready()
        events = self._wait_for_poll_list(0 if always else timeout)
        listed = [event for event in events if event[0] != self._epoll_fd]
        if always or len(listed) < len(events):
            listed += epoll.poll_now()
        return listed

    def _wait_for_poll_list(self, timeout: float | None) -> Events:
        """Wait as long as select(2) would."""
        if timeout is None:
            return self._poll.poll()
        if 0 < timeout < 0.001:  # poll(2) would make a whole millisecond of it
            events = self._poll.poll(0)
            if events:
                return events
            time.sleep(timeout)
            timeout = 0
        return self._poll.poll(min(timeout * 1000, LONGEST_WAIT))

    def recheck(self, fd: int) -> None:
        """Find out whether a descriptor in the epoll set was closed or replaced.

        In the poll list that is seen with every wait.
        """
        if self._epoll is not None:
            self._epoll.recheck(fd)

    def close(self) -> None:
        """Close the epoll set; again is harmless."""
        if self._epoll is not None:
            self._epoll.close()
