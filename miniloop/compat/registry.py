"""The objects of a map as they were in the last pass, and the answers of their predicates.

The map belongs to the program and is a plain dict.  The registry follows it, calls ``readable()``
and ``writable()`` of the objects that are due, and passes on to the interest list what has changed.
``docs/explanation/asyncore-watch.md`` has the picture of which objects are due when.
"""

import itertools
from collections.abc import Collection
from typing import Any, TypeAlias

from miniloop.compat.announcing import EmptyBuffer, Fifo, arm
from miniloop.compat.interest_list import InterestList
from miniloop.readiness import READ, WRITE, announces

Map: TypeAlias = dict[int, Any]
"""Descriptors and the objects behind them, duck-typed: nothing more can be said of these."""


class Entry:
    """One object on one descriptor, from the pass that found it in the map until it leaves.

    Attributes:
        fd: the descriptor's number.
        obj: the object.
        position: its rank in the map's order; events are delivered in that order.
        interest: what the kernel was last asked to report: READ, WRITE, both, or 0.
        polled: the predicates announce no changes, so they are called on every pass.
        armed: the object announces what is put into its ``out_buffer``, if it has one.
        registered: false once the entry has left the registry.
    """

    __slots__ = ("armed", "fd", "interest", "obj", "polled", "position", "registered")

    def __init__(self, fd: int, obj: Any, position: int) -> None:
        """Start with no interest."""
        self.fd = fd
        self.obj = obj
        self.position = position
        self.interest = 0
        self.polled = False
        self.armed = False
        self.registered = True


class MapRegistry:
    """The entries of one map, by descriptor.

    Args:
        map: the program's map.
        interests: where the answers go.

    Attributes:
        entries: all of them.
        polled: those that are asked on every pass; a dict for its order.
        served: those that had an event in this pass and are asked on the next; no entry is in this
            list twice, so that most passes need not merge it with anything.
        strange_keys: there are keys that are no descriptors, such as sockets; their objects have no
            entries.
    """

    def __init__(self, map: Map, interests: InterestList) -> None:
        """Start empty; ``follow()`` looks into the map."""
        self.map = map
        self.entries: dict[int, Entry] = {}
        self.polled: dict[Entry, None] = {}
        self.served: list[Entry] = []
        self.strange_keys = False
        self._interests = interests
        self._dirty: dict[Entry, None] = {}  # to be asked on the next pass too
        self._snapshot: Map | None = None  # the map as it was when last compared, if it was
        self._positions = itertools.count()

    # -- following the map -----------------------------------------------------------------------

    def follow(self) -> None:
        """Register and unregister what the program changed in the map itself."""
        try:
            changed = self.map != self._snapshot
        except Exception:  # an object with an == of its own met another one in its place
            changed = True
        if changed:
            self.compare()

    def compare(self) -> None:
        """Compare the map with the entries, one by one and by identity."""
        now = dict(self.map)
        self.strange_keys = not all(map(is_descriptor, now))
        for fd, entry in [*self.entries.items()]:
            if now.get(fd) is not entry.obj:
                self._unregister(entry)
        for fd, obj in now.items():
            if fd in self.entries:
                self.entries[fd].position = next(self._positions)
            elif is_descriptor(fd):
                self._register(fd, obj)
        self._snapshot = now

    def compare_soon(self) -> None:
        """Have the next ``follow()`` compare, whatever ``==`` of the objects says."""
        self._snapshot = None

    def added(self, fd: int, obj: Any) -> None:
        """Note that a dispatcher has put ``obj`` into the map.

        It is the last in the map's order, unless the program has changed the map too; in that case
        it is left to ``follow()``, which sees the difference.
        """
        if fd in self.entries:
            self._unregister(self.entries[fd])  # the same object too: its socket may be another
            self.compare_soon()
        elif not is_descriptor(fd):
            self.compare_soon()
        elif self._snapshot is not None and len(self._snapshot) + 1 == len(self.map):
            self._register(fd, obj)
            self._snapshot[fd] = obj

    def removed(self, fd: int) -> None:
        """Note that a dispatcher takes itself out of the map; best before it is closed."""
        entry = self.entries.get(fd)
        if entry is not None:
            self._unregister(entry)
            if self._snapshot is not None:
                self._snapshot.pop(fd, None)

    def clear(self) -> None:
        """Unregister everything; the next ``follow()`` starts anew."""
        for entry in [*self.entries.values()]:
            self._unregister(entry)
        self._dirty.clear()
        self.served.clear()
        self.compare_soon()

    def _register(self, fd: int, obj: Any) -> None:
        entry = self.entries[fd] = Entry(fd, obj, next(self._positions))
        if announces_changes(obj):
            self._dirty[entry] = None
        else:
            self._poll(entry)

    def _unregister(self, entry: Entry) -> None:
        del self.entries[entry.fd]
        self.polled.pop(entry, None)
        entry.registered = False
        self._interests.update(entry.fd, 0, entry.polled)

    # -- asking ----------------------------------------------------------------------------------

    def invalidate(self, obj: Any, classify: bool = False) -> None:
        """Note that ``obj`` may answer differently now; callable from any thread.

        Args:
            obj: the object.
            classify: it may have ceased to announce all its changes.
        """
        entry = self.entries.get(obj._fileno)
        if entry is not None and entry.obj is obj:
            if classify:
                self.classify(entry)
            self._dirty[entry] = None

    def classify(self, entry: Entry) -> None:
        """Ask an object on every pass that turns out not to announce all its changes."""
        entry.armed = False  # whatever has happened to its buffer
        if not entry.polled and not announces_changes(entry.obj):
            self._poll(entry)

    def ask(self) -> None:
        """Ask the objects that are due; if one raises, they are all due on the next pass again.

        The order is asyncore's: ``readable()``, ``writable()``, and listeners are never writable.
        This is the one loop over many objects on every pass, so it calls nothing that it need not.
        """
        due = self._take_due()
        try:
            for entry in due:
                if entry.registered:
                    obj = entry.obj
                    if not entry.armed:
                        entry.armed = entry.polled or arm(obj)
                    interest = READ if obj.readable() else 0
                    if obj.writable() and not obj.accepting:
                        interest |= WRITE
                        self._dirty[entry] = None  # due on each pass, as long as output waits
                    if interest != entry.interest and entry.registered:
                        self._interests.update(entry.fd, interest, entry.polled)
                        entry.interest = interest
        except BaseException:
            self._dirty |= dict.fromkeys(due)
            raise

    def _take_due(self) -> Collection[Entry]:
        """Return what has to be asked now, each entry once."""
        dirty, served = self._dirty, self.served
        self.served = []
        if not dirty and not self.polled:
            return served
        due = {**self.polled, **dict.fromkeys(served)}
        for entry in [*dirty]:  # one by one: another thread may announce a change meanwhile
            del dirty[entry]
            due[entry] = None
        return due

    def _poll(self, entry: Entry) -> None:
        entry.polled = True
        self.polled[entry] = None


def is_descriptor(key: Any) -> bool:
    """Return whether a key is a number that poll(2) takes; select(2) takes sockets and files."""
    return type(key) is int and key >= 0


def announces_changes(obj: Any) -> bool:
    """Return whether ``obj`` announces whenever it would answer differently than before."""
    try:
        predicates = obj.readable, obj.writable
        fifo = getattr(obj, "producer_fifo", None)
        buffer = getattr(obj, "out_buffer", b"")
    except Exception:  # an attribute that cannot be read: asked on every pass, it fails there
        return False
    if not all(announces(each) and getattr(each, "__self__", None) is obj for each in predicates):
        return False  # overridden; or another object's, passed on by a proxy
    if type(buffer) not in (bytes, EmptyBuffer):
        return False  # it may change without being replaced
    return fifo is None or (isinstance(fifo, Fifo) and fifo.is_attached_to(obj))
