"""Watching a map of asyncore objects from pass to pass, without asking everybody each time.

asyncore asks every object in its map what it wants, on every pass, and makes the list for the
kernel anew.  While ``loop()`` runs, this file keeps the list instead (``crowd.py``), and asks only
those whose answer may have changed (``registry.py``), and everybody in an *audit*.  That finds what
nobody could have told us: an attribute that somebody else set, and, looked for among some hundreds
at a time, a predicate put on an instance or, in a large map, a descriptor closed or replaced by
another file behind our back.  Audits cost a tenth of the time at most.

The map is its owner's, and a plain dict: it is compared with what it was, in C, on every pass (27
µs at 5,000 entries, where asking them takes 2,800).  The dispatchers' own ``add_channel()`` and
``del_channel()`` tell of their changes, so it seldom differs.

Of a few objects, most of which must be asked on every pass anyhow, there is nothing to keep: then
the watch *rests*, and those passes go the old way.

What does not fit (a map that is no dict, a platform without poll, another thread, a forked child, a
``loop()`` of few passes) is not watched: those passes go the old way too.
"""

import errno
import itertools
import os
import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import Any, TypeAlias

from miniloop.compat.crowd import FEW, Crowd, Events
from miniloop.compat.registry import MapRegistry
from miniloop.compat.watches import Map, watches
from miniloop.readiness import READ, WRITE, Registration
from miniloop.selectors.poll import POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLPRI

Ready: TypeAlias = list[tuple[Registration, int]]
"""Who is ready, with its poll(2) bits."""

AUDIT_PAUSE = 0.05
"""Least time between audits in seconds: how long a change that nobody announced may go unseen, as
long as an audit takes less than a twentieth of it."""

SLICE = 500
"""How many are looked at closely in an audit: 1 ms, as asking 5,000 takes."""

FEW_PASSES = 10
"""So many are over before a watch has paid for its making."""

_AUDIT_SHARE = 20  # and asking everybody, which an audit causes, costs as much again
_READABLE = POLLIN | POLLHUP | POLLERR  # what select(2) means by its first two sets
_WRITABLE = POLLOUT | POLLERR


class Watch:
    """The objects of one map.

    Args:
        map: the dict; it stays its owner's to change.
        bits: what to ask of poll(2), see ``crowd.py``.
    """

    def __init__(self, map: Map, bits: dict[int, int]) -> None:
        """Watch nobody yet; ``refresh()`` looks into the map."""
        self.map = map
        self.thread = get_ident()
        self.crowd = Crowd(bits)
        self.registry = MapRegistry(self.crowd)
        self._seen: Map = {}
        self._order: dict[int, int] = {}
        self._count = itertools.count()
        self._disturbed = False  # somebody's code ran since the last audit
        self._may_rest = True
        self._resting = False
        self._rest_until = 0.0
        self._next_audit = time.monotonic() + AUDIT_PAUSE
        self._slice = 0

    # -- the map ---------------------------------------------------------------------------------

    def rests(self) -> bool:
        """Return whether to go the old way: few objects, and most to be asked on every pass anyhow.

        There is nothing to win then.  Looked at again as often as an audit would be made.
        """
        if self._resting and time.monotonic() < self._rest_until:
            return True
        objects, asked = len(self.registry.registrations), len(self.registry.polled)
        self._resting = self._may_rest and objects <= FEW and asked * 2 > objects
        if self._resting:
            self._forget_all()
            self._rest_until = time.monotonic() + AUDIT_PAUSE
        return self._resting

    def stay_awake(self) -> bool:
        """The old way cannot serve this map: never rest again; return whether it did rest."""
        made_one, self._may_rest, self._resting = self._resting, False, False
        return made_one

    def _forget_all(self) -> None:
        """Watch nobody: nobody looks."""
        for registration in [*self.registry.registrations.values()]:
            self.registry.unregister(registration)
        self.registry.dirty.clear()
        self.registry.served.clear()
        self._seen = {}

    def refresh(self) -> bool:
        """Ask who has to be asked; return whether anybody wants anything."""
        if self._changed():
            self._compare()
        if time.monotonic() >= self._next_audit:
            self._audit()
        self.registry.ask()
        return len(self.crowd) > 0

    def _changed(self) -> bool:
        """Return whether the map is another than it was, as far as ``==`` can tell."""
        try:
            return self.map != self._seen
        except Exception:  # it met an object that has an == of its own, where another one stood
            return True

    def _compare(self) -> None:
        """The owner changed the map: see whom it lost and whom it gained."""
        now = dict(self.map)
        registry = self.registry
        for fd, registration in [*registry.registrations.items()]:
            if now.get(fd) is not registration.channel:
                registry.unregister(registration)
                registry.in_order = False  # who stands there now comes last in the kernel's list
        for fd, obj in now.items():
            if fd not in registry.registrations:
                registry.watch(fd, obj)
        self._seen = now
        self._order = {fd: next(self._count) for fd in now}

    def look_anew(self) -> None:
        """Somebody stands in another's place: compare in the next pass, whatever ``==`` says."""
        self._seen = {}

    def added(self, fd: int, obj: Any) -> None:
        """A dispatcher put itself into the map."""
        if self._resting:
            return
        self.registry.watch(fd, obj)
        if fd not in self._seen:
            self._order[fd] = next(self._count)
        self._seen[fd] = obj

    def removed(self, fd: int) -> None:
        """A dispatcher took itself out of the map; its descriptor is most likely still open."""
        if fd in self.registry.registrations:
            self._seen.pop(fd, None)
            self.registry.unregister(self.registry.registrations[fd])

    # -- waiting ---------------------------------------------------------------------------------

    def select(self, timeout: float | None) -> tuple[list[Registration], ...]:
        """Wait as the system call does: return who can read, who can write, who has urgent data.

        Raises:
            OSError: EBADF, a descriptor is closed.
            ValueError: ``timeout`` is negative.
        """
        if timeout is not None and timeout < 0:
            raise ValueError("timeout must be non-negative")
        registrations = self.registry.registrations
        events = self._events(timeout)
        readable = [registrations[fd] for fd, bits in events if bits == POLLIN]
        if len(readable) == len(events):  # nearly always
            self.registry.served += readable  # their handlers may change what they want
            return readable, [], []
        return self._sort_out([(registrations[fd], bits) for fd, bits in events])

    def _sort_out(self, events: Ready) -> tuple[list[Registration], ...]:
        """Make the three lists of select(2)."""
        readable, writable, urgent = [], [], []
        for registration, bits in events:
            self.registry.served.append(registration)
            if self.map.get(registration.fd) is not registration.channel:
                continue  # another thread closed it, or put somebody in its place, meanwhile
            if bits & POLLNVAL:
                raise OSError(errno.EBADF, os.strerror(errno.EBADF))
            if bits & _READABLE and registration.interest & READ:
                readable.append(registration)
            if bits & _WRITABLE and registration.interest & WRITE:
                writable.append(registration)
            if bits & POLLPRI:
                urgent.append(registration)
            if (
                not bits & (POLLIN | POLLOUT | POLLERR | POLLPRI)
                and not registration.interest & READ
            ):
                self.crowd.tell(registration.fd, 0, registration.polled)
                self.registry.in_order = False
        return readable, writable, urgent

    def poll(self, timeout: float | None) -> Ready:
        """Wait as the system call does: return who is ready, with its bits."""
        registrations = self.registry.registrations
        ready = [(registrations[fd], bits) for fd, bits in self._events(timeout)]
        self.registry.served += [registration for registration, _ in ready]
        return ready

    def _events(self, timeout: float | None) -> Events:
        """Wait; return descriptors and bits in the map's order, as both system calls do."""
        events = self._wait_and_audit(timeout)
        if events:
            self._disturbed = True
            if len(events) > 1 and not (self.registry.in_order and self.crowd.in_order):
                order = self._order
                events.sort(key=lambda event: order[event[0]])
        return events

    def _wait_and_audit(self, timeout: float | None) -> Events:
        """Wait; where an audit is due meanwhile, make it and wait on."""
        if self._disturbed:
            pause = max(0.0, self._next_audit - time.monotonic())
            if timeout is None or pause < timeout:
                events = self.crowd.wait(pause)
                if events:
                    return events
                self._audit()
                self.registry.ask()
                timeout = None if timeout is None else timeout - pause
        return self.crowd.wait(timeout)

    def _audit(self) -> None:
        """Believe nobody: ask all, and look closely at a slice, who comes with every audit."""
        started = time.monotonic()
        self._compare()
        everybody = [*self.registry.registrations.values()]
        self.registry.served += everybody
        for registration in everybody[self._slice : self._slice + SLICE]:
            self.registry.doubt(registration)
            self.crowd.doubt(registration.fd)
        self._slice = self._slice + SLICE if self._slice + SLICE < len(everybody) else 0
        now = time.monotonic()
        self._disturbed = False
        self._next_audit = now + max(AUDIT_PAUSE, _AUDIT_SHARE * (now - started))


@contextmanager
def watching(map: Map, bits: dict[int, int]) -> Iterator[None]:
    """Watch ``map`` within the block, if it can be watched."""
    if type(map) is not dict or not hasattr(select, "poll") or id(map) in watches:
        yield
        return
    watch = watches[id(map)] = Watch(map, bits)
    try:
        yield
    finally:
        watches.pop(id(map), None)
        watch.crowd.close()
