"""Watching a map of asyncore objects from pass to pass, without asking everybody each time.

asyncore asks every object in its map what it wants, on every pass, and makes the list for the
kernel anew.  While ``loop()`` runs, this file keeps the list instead (``crowd.py``), and asks only
those whose answer may have changed:

* objects whose predicates are not asyncore's own (duck-typed ones too, and instances that got a
  predicate of their own): on every pass, as ever;
* the others: when they were added, after an event of theirs, when they announced a change
  themselves, and on every pass while they wait to write;
* everybody, in an *audit*.

The audit finds what nobody could have told us: an attribute that somebody else set, or, in a large
map, a descriptor closed or replaced by another file behind our back.  Audits cost a fiftieth of the
time at most.

The map is its owner's, and a plain dict: it is compared with what it was, in C, on every pass (27
µs at 5,000 entries, where asking them takes 2,800).  The dispatchers' own ``add_channel()`` and
``del_channel()`` tell of their changes, so it seldom differs.

What does not fit (a map that is no dict, a platform without poll, another thread, a forked child)
is not watched: those passes go the old way.
"""

import errno
import itertools
import os
import select
import selectors
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import Any, TypeAlias, cast

from miniloop.channel import announces
from miniloop.compat.crowd import FEW, Crowd, Events
from miniloop.readiness import READ, WRITE, Registration
from miniloop.registry import Registry
from miniloop.selector import POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLPRI

Map: TypeAlias = dict[int, Any]
"""Descriptors and the objects behind them, duck-typed: nothing more can be said of these."""

Ready: TypeAlias = list[tuple[Registration, int]]
"""Who is ready, with its poll(2) bits."""

AUDIT_PAUSE = 0.05
"""Least time between audits in seconds: how long a change that nobody announced may go unseen."""

_AUDIT_SHARE = 100  # and asking everybody, which an audit causes, costs as much again
_READABLE = POLLIN | POLLHUP | POLLERR  # what select(2) means by its first two sets
_WRITABLE = POLLOUT | POLLERR

_watches: dict[int, "Watch"] = {}  # by the map's id; an entry lives as long as its loop() runs


class MapRegistry(Registry):
    """A registry of asyncore's objects: whatever a predicate raises ends ``loop()``, as ever."""

    def __init__(self, crowd: Crowd) -> None:
        """Watch nobody yet."""
        super().__init__(cast(selectors.BaseSelector, crowd))  # only _tell_selector() uses it
        self.crowd = crowd
        self.in_order = True  # the kernel's list has the map's order

    def watch(self, fd: int, obj: Any) -> None:
        """Watch ``obj``; who stood on the same descriptor before is forgotten."""
        if fd in self.registrations:
            self.unregister(self.registrations[fd])
            self.in_order = False
        self._enter(Registration(obj, fd, asked=not announces_changes(obj)))

    def ask(self) -> None:
        """Ask everybody who has to be asked; if one raises, the others stay to be asked.

        The order is asyncore's: ``readable()``, ``writable()``, and listeners are never writable.
        """
        dirty, self.dirty = self.dirty, []
        try:
            for registration in {**self.asked, **dict.fromkeys(dirty)}:
                if registration.alive:
                    obj: Any = registration.channel
                    registration.dirty = False
                    wanted = READ if obj.readable() else 0
                    if obj.writable() and not obj.accepting:
                        wanted |= WRITE
                        self.dirty.append(registration)  # and again, as long as it waits
                    if wanted != registration.interest and registration.alive:
                        self._tell_selector(registration, wanted)
        except BaseException:
            self.dirty += dirty
            raise

    def _tell_selector(self, registration: Registration, interest: int) -> None:
        """Tell the crowd; one that comes back to it later comes last."""
        self.crowd.tell(registration.fd, interest, registration.asked)
        registration.interest = interest
        if not interest and registration.alive:
            self.in_order = False

    def doubt(self, registration: Registration) -> None:
        """Ask it in the next pass, and find out anew whether that is enough."""
        asked = not announces_changes(registration.channel)
        if asked and not registration.asked:
            registration.asked = registration.dirty = True
            self.asked[registration] = None
        elif not registration.dirty:
            self.mark_dirty(registration)


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
        self._next_audit = time.monotonic() + AUDIT_PAUSE

    # -- the map ---------------------------------------------------------------------------------

    def rests(self) -> bool:
        """Return whether to go the old way: few objects, and most to be asked on every pass anyhow.

        There is nothing to win then.  Looked at again as often as an audit would be made.
        """
        if self._resting and time.monotonic() < self._next_audit:
            return True
        if self.map != self._seen:
            self._compare()
        objects, asked = len(self.registry.registrations), len(self.registry.asked)
        self._resting = self._may_rest and objects <= FEW and asked * 2 > objects
        if self._resting:
            self._forget_all()
            self._next_audit = time.monotonic() + AUDIT_PAUSE
        return self._resting

    def stay_awake(self) -> bool:
        """Never rest again; return whether that makes a difference."""
        made_one, self._may_rest, self._resting = self._resting, False, False
        return made_one

    def _forget_all(self) -> None:
        """Watch nobody: nobody looks."""
        for registration in [*self.registry.registrations.values()]:
            self.registry.unregister(registration)
        self.registry.dirty.clear()
        self._seen = {}

    def refresh(self) -> bool:
        """Ask who has to be asked; return whether anybody wants anything."""
        if self.map != self._seen:
            self._compare()
        if time.monotonic() >= self._next_audit:
            self._audit()
        self.registry.ask()
        return len(self.crowd) > 0

    def _compare(self) -> None:
        """The owner changed the map: see whom it lost and whom it gained."""
        now = dict(self.map)
        registry = self.registry
        for fd, registration in [*registry.registrations.items()]:
            if now.get(fd) is not registration.channel:
                registry.unregister(registration)
        for fd, obj in now.items():
            if fd not in registry.registrations:
                registry.watch(fd, obj)
        self._seen = now
        self._order = {fd: next(self._count) for fd in now}

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
        if fd in self._seen:
            del self._seen[fd], self._order[fd]
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
            self.registry.dirty += readable  # their handlers may change what they want
            return readable, [], []
        return self._sort_out([(registrations[fd], bits) for fd, bits in events])

    def _sort_out(self, events: Ready) -> tuple[list[Registration], ...]:
        """Make the three lists of select(2)."""
        readable, writable, urgent = [], [], []
        for registration, bits in events:
            self.registry.dirty.append(registration)
            if bits & POLLNVAL:
                raise OSError(errno.EBADF, os.strerror(errno.EBADF))
            if bits & _READABLE and registration.interest & READ:
                readable.append(registration)
            if bits & _WRITABLE and registration.interest & WRITE:
                writable.append(registration)
            if bits & POLLPRI:
                urgent.append(registration)
        return readable, writable, urgent

    def poll(self, timeout: float | None) -> Ready:
        """Wait as the system call does: return who is ready, with its bits."""
        registrations = self.registry.registrations
        ready = [(registrations[fd], bits) for fd, bits in self._events(timeout)]
        self.registry.dirty += [registration for registration, _ in ready]
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
        """Believe nobody: ask all, and have the kernel's list checked."""
        started = time.monotonic()
        for registration in [*self.registry.registrations.values()]:
            self.registry.doubt(registration)
        self.crowd.audit()
        now = time.monotonic()
        self._disturbed = False
        self._next_audit = now + max(AUDIT_PAUSE, _AUDIT_SHARE * (now - started))


def announces_changes(obj: Any) -> bool:
    """Return whether we will learn when ``obj`` would answer differently than before."""
    for name in ("readable", "writable"):
        if not announces(getattr(obj, name, None)):
            return False
    fifo = getattr(obj, "producer_fifo", None)
    owner = getattr(fifo, "owner", None)  # a plain deque, which a program put there, has none
    return fifo is None or (owner is not None and owner() is obj)


# -- while loop() runs ----------------------------------------------------------------------------


@contextmanager
def watching(map: Map, bits: dict[int, int]) -> Iterator[None]:
    """Watch ``map`` within the block, if it can be watched."""
    if type(map) is not dict or not hasattr(select, "poll") or id(map) in _watches:
        yield
        return
    watch = _watches[id(map)] = Watch(map, bits)
    try:
        yield
    finally:
        _watches.pop(id(map), None)
        watch.crowd.close()


def watch_of(map: Map) -> Watch | None:
    """Return who watches ``map`` on this thread, if it is watched at the moment."""
    watch = _watches.get(id(map))
    return watch if watch is not None and watch.thread == get_ident() else None


def announce(channel: Any) -> None:
    """``channel`` may answer differently now; callable from any thread."""
    for watch in [*_watches.values()]:
        registration = watch.registry.registrations.get(channel._fileno)
        if registration is not None and registration.channel is channel and not registration.dirty:
            watch.registry.mark_dirty(registration)


def _forget_watches() -> None:
    """In a forked child: the epoll sets are the parent's too, and not ours to change."""
    for watch in _watches.values():
        watch.crowd.close()
    _watches.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_watches)
