"""Serve a map of asyncore objects without asking every object on every pass.

asyncore calls ``readable()`` and ``writable()`` of each object in its map on each pass, and hands
the kernel a new list of descriptors.  While ``loop()`` runs on a large map, a ``Watch`` keeps that
list from pass to pass (``interest_list.py``) and asks only the objects whose answers may have
changed (``registry.py``, ``announcing.py``).  ``docs/explanation/asyncore-watch.md`` explains which
those are, with a picture, and when the watch rests.
"""

import errno
import os
import select
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from operator import attrgetter
from threading import get_ident
from time import monotonic

from miniloop.compat.announcing import listeners
from miniloop.compat.interest_list import Events, InterestList
from miniloop.compat.registry import Entry, Map, MapRegistry, is_descriptor
from miniloop.readiness import READ, WRITE
from miniloop.selectors.poll import POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLPRI

AUDIT_PAUSE = 0.05
"""Least time between audits in seconds: how long a change that was not announced may go unseen, as
long as an audit takes less than a twentieth of it."""

SLICE = 500
"""Objects whose predicates and descriptors one audit checks: 1 ms, as long as asking 5,000."""

SMALL_MAP = 20
"""Objects among which watching saves nothing."""

BUSY_MAP = 100
"""Objects among which nothing is saved if a third of them is asked on every pass anyhow."""

REST_PAUSE = 0.25
"""How long a watch of at most ``BUSY_MAP`` objects rests before it looks again, in seconds: to look
costs as much as fifty messages."""

FEW_PASSES = 10
"""So many passes are over before a watch has saved what it costs to make."""

_AUDIT_SHARE = 20  # and the questions that an audit causes cost as much again
_READABLE = POLLIN | POLLHUP | POLLERR  # what select(2) means by its first two sets
_WRITABLE = POLLOUT | POLLERR
_ANY_SET = POLLIN | POLLOUT | POLLERR | POLLPRI

_position = attrgetter("position")


class Watch:
    """The service of one map, as long as its ``loop()`` runs.

    Args:
        map: the program's map.
        poll_bits: what to ask of poll(2), ``AS_SELECT`` or ``AS_POLL``.
        clock: the time in seconds; tests have their own.

    Attributes:
        thread: the one whose passes are watched.
        registry: the objects; dispatchers report to it that they enter or leave the map.
        rest_size: objects up to which the watch rests, whatever they are; -1 while it watches.
    """

    def __init__(
        self, map: Map, poll_bits: dict[int, int], clock: Callable[[], float] = monotonic
    ) -> None:
        """Start with nothing registered; ``refresh()`` looks into the map."""
        self.map = map
        self.thread = get_ident()
        self._clock = clock
        self._interests = InterestList(poll_bits)
        self.registry = MapRegistry(map, self._interests)
        self.rest_size = SMALL_MAP
        self._rests_until = clock()
        self._beyond_select = False
        self._events_since_audit = False
        self._next_audit = clock() + AUDIT_PAUSE
        self._slice_start = 0

    def close(self) -> None:
        """Close what the kernel was given, and hear no announcements; again is harmless."""
        listeners.pop(id(self.map), None)
        self._interests.close()

    # -- resting ---------------------------------------------------------------------------------

    def takes_pass(self) -> bool:
        """Decide whether the watch makes this pass; if it rests, asyncore's way is taken."""
        if self.thread != get_ident() or self._goes_on_resting():
            return False
        self.rest_size = -1
        listeners[id(self.map)] = self.registry.invalidate  # before the first question
        self.registry.follow()
        if self.registry.strange_keys or not (self._beyond_select or self._saves_time()):
            self._rest()
        return self.rest_size < 0

    def _goes_on_resting(self) -> bool:
        if self.rest_size < 0 or self._clock() >= self._rests_until:
            return False
        return self.registry.strange_keys or len(self.map) <= BUSY_MAP

    def _saves_time(self) -> bool:
        registry = self.registry
        objects, busy = len(registry.entries), max(len(registry.polled), len(registry.served))
        return objects > (BUSY_MAP if busy * 3 > objects else SMALL_MAP)

    def _rest(self) -> None:
        """Forget everything, and look again in a while."""
        listeners.pop(id(self.map), None)
        self.registry.clear()
        self.rest_size = SMALL_MAP
        self._rests_until = self._clock() + REST_PAUSE

    def take_over(self) -> bool:
        """Rest no more, for select(2) refused the map; return whether that is of any use."""
        if self._beyond_select or not all(is_descriptor(key) for key in self.map):
            return False
        self._beyond_select = True
        self.rest_size, self._rests_until = -1, 0.0
        return True

    # -- before the wait -------------------------------------------------------------------------

    def refresh(self) -> bool:
        """Ask the objects that are due; return whether there is anything to wait for."""
        if self._clock() >= self._next_audit:
            self._audit()
        self.registry.ask()
        return len(self._interests) > 0

    def _audit(self) -> None:
        """Have every object asked next; check a slice of them, another one each time."""
        started = self._clock()
        self.registry.compare()
        entries = [*self.registry.entries.values()]
        self.registry.served = entries
        end = self._slice_start + SLICE
        for entry in entries[self._slice_start : end]:
            self.registry.classify(entry)
            self._interests.recheck(entry.fd)
        self._slice_start = end if end < len(entries) else 0
        self._events_since_audit = False
        now = self._clock()
        self._next_audit = now + max(AUDIT_PAUSE, _AUDIT_SHARE * (now - started))

    # -- the wait --------------------------------------------------------------------------------

    def select(self, timeout: float | None) -> tuple[list[Entry], ...]:
        """Wait; return the three sets of the system call: readable, writable, with urgent data.

        Raises:
            OSError: EBADF, a descriptor is closed.
            ValueError: ``timeout`` is negative.
        """
        if timeout is not None and timeout < 0:
            raise ValueError("timeout must be non-negative")
        events = self._wait(timeout)
        entries = self.registry.entries
        readable = [entries[fd] for fd, bits in events if bits == POLLIN]
        if len(readable) < len(events):  # seldom
            return self._select_sets(self._ready(events))
        if len(readable) > 1:
            readable.sort(key=_position)
        self.registry.served += readable
        return readable, [], []

    def _select_sets(self, ready: list[tuple[Entry, int]]) -> tuple[list[Entry], ...]:
        """Return the three sets of select(2) for the bits of poll(2)."""
        # Another thread may have closed one meanwhile, or put another object in its place.
        ready = [each for each in ready if self.map.get(each[0].fd) is each[0].obj]
        if any(bits & POLLNVAL for _, bits in ready):
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        for entry, bits in ready:
            if not bits & _ANY_SET and not entry.interest & READ:
                # A hang-up, which select(2) does not report to writers; the next wait would end
                # with it again.
                self._interests.update(entry.fd, 0, entry.polled)
        return (
            [entry for entry, bits in ready if bits & _READABLE and entry.interest & READ],
            [entry for entry, bits in ready if bits & _WRITABLE and entry.interest & WRITE],
            [entry for entry, bits in ready if bits & POLLPRI],
        )

    def poll(self, timeout: float | None) -> list[tuple[Entry, int]]:
        """Wait; return what is ready, with the bits of the system call."""
        return self._ready(self._wait(timeout))

    def _ready(self, events: Events) -> list[tuple[Entry, int]]:
        """Return the entries and bits for events, in the map's order."""
        entries = self.registry.entries
        ready = [(entries[fd], bits) for fd, bits in events]
        if len(ready) > 1:
            ready.sort(key=lambda each: each[0].position)
        self.registry.served += [entry for entry, _ in ready]
        return ready

    def _wait(self, timeout: float | None) -> Events:
        """Wait; where an audit is due meanwhile, make it and wait for the rest of the time."""
        if self._events_since_audit:
            pause = max(0.0, self._next_audit - self._clock())
            if timeout is None or pause < timeout:
                events = self._interests.wait(pause)
                if events:
                    return events
                self._audit()
                self.registry.ask()
                timeout = None if timeout is None else timeout - pause
        events = self._interests.wait(timeout)
        if events:
            self._events_since_audit = True
        return events


# -- the watches of the loops that run now ---------------------------------------------------------

_watches: dict[int, Watch] = {}  # by the map's id()


@contextmanager
def watching(
    map: Map, poll_bits: dict[int, int], clock: Callable[[], float] = monotonic
) -> Iterator[None]:
    """Watch ``map`` within the block, if it can be watched; arguments as for ``Watch``."""
    if type(map) is not dict or not hasattr(select, "poll") or id(map) in _watches:
        yield
        return
    watch = _watches[id(map)] = Watch(map, poll_bits, clock)
    try:
        yield
    finally:
        _watches.pop(id(map), None)
        watch.close()


def watch_of(map: Map) -> Watch | None:
    """Return the watch of ``map`` on this thread, None where there is none."""
    watch = _watches.get(id(map))
    return watch if watch is not None and watch.thread == get_ident() else None


def watch_for_pass(map: Map) -> Watch | None:
    """Return the watch that makes the next pass over ``map``; None if asyncore's way is taken."""
    watch = _watches.get(id(map))
    if watch is None or len(map) <= watch.rest_size or not watch.takes_pass():
        return None
    return watch


def _forget_watches() -> None:
    """Serve a forked child without any watch: the epoll sets are the parent's too."""
    for watch in _watches.values():
        watch.close()
    _watches.clear()
    listeners.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_watches)
