"""Which of asyncore's objects have to be asked what they want.

* Those whose predicates are not asyncore's own (duck-typed ones too, and instances that got a
  predicate of their own): on every pass, as ever.
* The others: when they were added, after an event of theirs, when they announced a change
  themselves, and on every pass while they wait to write.
"""

import selectors
from collections.abc import Iterable
from typing import Any, cast

from miniloop.compat.crowd import Crowd
from miniloop.compat.fifo import Fifo
from miniloop.readiness import READ, WRITE, Registration, announces
from miniloop.registry import Registry


class MapRegistry(Registry):
    """A registry of asyncore's objects: whatever a predicate raises ends ``loop()``, as ever."""

    def __init__(self, crowd: Crowd) -> None:
        """Watch nobody yet."""
        super().__init__(cast(selectors.BaseSelector, crowd), _allow)
        self.crowd = crowd
        self.in_order = True  # the kernel's list has the map's order
        self.served: list[Registration] = []  # dirty too, but without doubles: kept apart for speed

    def watch(self, fd: int, obj: Any) -> None:
        """Watch ``obj``; who stood on the same descriptor before is forgotten."""
        if fd in self.registrations:
            self.unregister(self.registrations[fd])
            self.in_order = False
        asked = not announces_changes(obj)
        if self.registrations and asked != bool(self.polled):
            self.in_order = False  # of two kinds: one is asked before the other
        self.add(Registration(obj, fd, polled=asked))

    def ask(self) -> None:
        """Ask everybody who has to be asked; if one raises, the others stay to be asked.

        The order is asyncore's: ``readable()``, ``writable()``, and listeners are never writable.
        """
        everybody: Iterable[Registration] = self.served
        dirty, self.dirty, self.served = self.dirty, [], []
        if dirty or self.polled:
            everybody = {**self.polled, **dict.fromkeys(dirty), **dict.fromkeys(everybody)}
        try:
            for registration in everybody:
                if registration.alive:
                    obj: Any = registration.channel
                    registration.dirty = False
                    wanted = READ if obj.readable() else 0
                    if obj.writable() and not obj.accepting:
                        wanted |= WRITE
                        self.dirty.append(registration)  # and again, as long as it waits
                    if not wanted:
                        self.in_order = False  # once it wants something it will come last
                    if wanted != registration.interest and registration.alive:
                        self._update_selector(registration, wanted)
        except BaseException:
            self.dirty += everybody
            raise

    def _update_selector(self, registration: Registration, interest: int) -> None:
        """Tell the crowd."""
        self.crowd.tell(registration.fd, interest, registration.polled)
        registration.interest = interest

    def doubt(self, registration: Registration) -> None:
        """Ask it in the next pass, and find out anew whether that is enough."""
        asked = not announces_changes(registration.channel)
        if asked and not registration.polled:
            registration.polled = registration.dirty = True
            self.polled[registration] = None
        elif not registration.dirty:
            self.mark_dirty(registration)


def _allow() -> None:
    """Allow every change: the watch looks at the thread."""


def announces_changes(obj: Any) -> bool:
    """Return whether we will learn when ``obj`` would answer differently than before."""
    try:
        predicates = obj.readable, obj.writable
        fifo = getattr(obj, "producer_fifo", None)
    except Exception:  # its own __getattr__ or property: it is asked, and fails there if it must
        return False
    if not all(announces(each) and getattr(each, "__self__", None) is obj for each in predicates):
        return False  # overridden; or passed on, by a proxy of which nobody tells us
    return fifo is None or (isinstance(fifo, Fifo) and fifo.belongs_to(obj))
