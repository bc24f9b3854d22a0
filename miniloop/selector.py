"""Selectors that also know URGENT and HANGUP.

They keep the contract of ``selectors.BaseSelector``, so any stock selector may stand in for them
(and then out-of-band data and the hang-up of a paused channel go unseen, because no stock selector
reports them).  This file knows the kernel's bits and nothing of loops or channels.

Two facts of epoll decide what is written here:

* It watches *open files*, not descriptors.  When a descriptor is closed without being unregistered
  while a duplicate of it lives on (``dup``, ``fork``), the kernel goes on reporting the old number,
  and nobody can unregister it any more: EPOLL_CTL_DEL wants a live descriptor.  68,921 empty
  returns in 0.2 s were measured that way.  The only cure is a new epoll object.
* It refuses regular files (EPERM), which poll(2) calls always ready.  So do we.
"""

import logging
import math
import select
import selectors
from collections.abc import Mapping
from typing import Any

from miniloop.readiness import EVERYTHING, HANGUP, READ, URGENT, WRITE

logger = logging.getLogger("miniloop.selector")

POLLIN, POLLPRI, POLLOUT, POLLERR, POLLHUP, POLLNVAL = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
POLLRDHUP = 0x2000 if hasattr(select, "POLLRDHUP") else 0
_GONE = POLLERR | POLLHUP | POLLNVAL


_POLL_BITS = {READ: POLLIN, WRITE: POLLOUT, URGENT: POLLPRI, HANGUP: POLLRDHUP}


def to_poll_bits(interest: int) -> int:
    """Translate readiness bits to those of poll(2), which epoll shares."""
    return sum(bits for bit, bits in _POLL_BITS.items() if interest & bit)


_INTERESTS = {interest: to_poll_bits(interest) for interest in range(1, EVERYTHING + 1)}


class _Readiness(dict[int, int]):
    """The readiness bits for the kernel's, each computed once.

    An error or a complete hang-up wakes whoever waits for anything: their next call tells them.
    """

    def __missing__(self, bits: int) -> int:
        ready = 0
        if bits & (POLLIN | _GONE):
            ready |= READ
        if bits & (POLLOUT | _GONE):
            ready |= WRITE
        if bits & POLLPRI:
            ready |= URGENT
        if bits & (POLLRDHUP | _GONE):
            ready |= HANGUP
        self[bits] = ready
        return ready


_READINESS = _Readiness()


class PollSelector(selectors.BaseSelector):
    """poll(2): everywhere but on Windows, at a cost that grows with the descriptors watched."""

    sees = EVERYTHING

    def __init__(self) -> None:
        """Watch nothing yet."""
        self._keys: dict[int, selectors.SelectorKey] = {}
        self._kernel = self._new_kernel()

    def _new_kernel(self) -> Any:  # two unrelated classes of the standard library
        return select.poll()

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Watch ``fileobj`` for ``events``, readiness bits.

        Raises:
            ValueError: ``events`` is empty or has unknown bits, or ``fileobj`` has no descriptor.
            KeyError: the descriptor is registered already.
        """
        fd = _descriptor(fileobj)
        bits = _kernel_bits(events)
        if fd in self._keys:
            raise KeyError(f"descriptor {fd} is registered already: modify or unregister it")
        self._watch(fd, bits)
        key = self._keys[fd] = selectors.SelectorKey(fileobj, fd, events, data)
        return key

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Change what is watched for; raises as ``register()``, KeyError where it is not."""
        fd = _descriptor(fileobj)
        bits = _kernel_bits(events)
        if events != self._keys[fd].events:
            self._kernel.modify(fd, bits)
        key = self._keys[fd] = selectors.SelectorKey(fileobj, fd, events, data)
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        """Watch it no more; KeyError where it is not registered."""
        fd = _descriptor(fileobj)
        key = self._keys.pop(fd)
        self._forget(fd)
        return key

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait at most ``timeout`` seconds; return (key, readiness bits) pairs."""
        milliseconds = None if timeout is None else max(0, math.ceil(timeout * 1000))
        keys = self._keys
        return [(keys[fd], _READINESS[bits]) for fd, bits in self._kernel.poll(milliseconds)]

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        """Return the keys by descriptor number."""
        return self._keys

    def close(self) -> None:
        """Forget everything."""
        self._keys.clear()

    def _watch(self, fd: int, bits: int) -> None:
        self._kernel.register(fd, bits)

    def _forget(self, fd: int) -> None:
        self._kernel.unregister(fd)


class EpollSelector(PollSelector):
    """Linux: its cost grows with the descriptors that are ready, not with those watched."""

    def __init__(self) -> None:
        """Open the epoll object."""
        super().__init__()
        self._always_ready: set[int] = set()
        self._suspects: set[int] = set()
        self._complained = False
        self._outer: Any = None

    def _new_kernel(self) -> Any:
        return select.epoll()

    def fileno(self) -> int:
        """Return epoll's own descriptor, readable while something watched is ready."""
        return int(self._kernel.fileno())

    def outer_fileno(self) -> int:
        """As ``fileno()``, but for whoever watches it for long: a rebuilt set keeps the number.

        It belongs to an epoll object around the one that is rebuilt.
        """
        if self._outer is None:
            self._outer = select.epoll()
            self._outer.register(self._kernel, POLLIN)
        return int(self._outer.fileno())

    def always_ready(self) -> bool:
        """Return whether a regular file is ready, of which epoll's descriptor knows nothing."""
        return bool(self._always_ready and self._ready_at_once())

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """As in the base class; a regular file has no kernel state to change."""
        fd = _descriptor(fileobj)
        if fd not in self._always_ready:
            return super().modify(fileobj, events, data)
        _kernel_bits(events)  # refuses nonsense
        key = self._keys[fd] = selectors.SelectorKey(fileobj, fd, events, data)
        return key

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait at most ``timeout`` seconds; return (key, readiness bits) pairs."""
        keys = self._keys
        at_once = self._ready_at_once() if self._always_ready else ()
        if at_once or (timeout is not None and timeout < 0):
            timeout = 0  # to epoll, less than that would mean without end
        events = self._kernel.poll(timeout, len(keys) or 1)
        try:
            ready = [(keys[fd], _READINESS[bits]) for fd, bits in events]
        except KeyError:
            self._rebuild("it reported a descriptor that is not registered")
            ready = [(keys[fd], _READINESS[bits]) for fd, bits in events if fd in keys]
        ready += at_once
        return ready

    def _ready_at_once(self) -> list[tuple[selectors.SelectorKey, int]]:
        """Return the regular files, with what is wanted of them."""
        keys = [self._keys[fd] for fd in self._always_ready]
        return [(key, wanted) for key in keys if (wanted := key.events & (READ | WRITE))]

    def close(self) -> None:
        """Close the epoll objects."""
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
        if fd in self._always_ready:
            self._always_ready.discard(fd)
            return
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
                try:
                    self._kernel.register(fd, _kernel_bits(key.events))
                except OSError:
                    self._suspects.add(fd)  # its owner learns of it at its next use


def default_selector() -> selectors.BaseSelector:
    """Return the best selector of this platform: epoll, else poll, else the standard library's."""
    if hasattr(select, "epoll"):
        return EpollSelector()
    if hasattr(select, "poll"):
        return PollSelector()
    return selectors.DefaultSelector()


def _descriptor(fileobj: Any) -> int:
    """Return the descriptor number of an int or of an object with ``fileno()``."""
    fd = fileobj if type(fileobj) is int else fileobj.fileno()
    if not isinstance(fd, int) or fd < 0:
        raise ValueError(f"{fileobj!r} has no open descriptor: register before closing")
    return fd


def _kernel_bits(events: int) -> int:
    """Return the poll(2) bits for readiness bits; refuse none at all and unknown ones."""
    try:
        return _INTERESTS[events]
    except KeyError:
        raise ValueError(
            f"events must be some of READ, WRITE, URGENT, HANGUP, not {events!r}"
        ) from None
