"""poll(2), and what the selectors of this folder share: they extend ``PollSelector``.

poll(2) reports regular files as always ready.  epoll refuses them, and kqueue compares position and
size, so these two selectors report them without the kernel.
"""

from __future__ import annotations

import math
import select
import selectors

from miniloop.readiness import EVERYTHING, HANGUP, READ, URGENT, WRITE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, ClassVar

    Ready = list[tuple[selectors.SelectorKey, int]]  # with their readiness bits

LONGEST_WAIT = 86_400.0
"""Seconds that one ``select()`` waits at most: epoll and poll refuse more than 24 days, Darwin's
kqueue more than three years."""

POLLIN, POLLPRI, POLLOUT, POLLERR, POLLHUP, POLLNVAL = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
POLLRDHUP = 0x2000 if hasattr(select, "POLLRDHUP") else 0
_GONE = POLLERR | POLLHUP | POLLNVAL  # the next call on the descriptor returns the error
_POLL_BITS = {READ: POLLIN, WRITE: POLLOUT, URGENT: POLLPRI, HANGUP: POLLRDHUP}
_WOKEN_BY = {bit: bits if bit == URGENT else bits | _GONE for bit, bits in _POLL_BITS.items()}
_NAMES = {"READ": READ, "WRITE": WRITE, "URGENT": URGENT, "HANGUP": HANGUP}


def to_poll_bits(interest: int) -> int:
    """Translate readiness bits to those of poll(2), which epoll shares."""
    return sum(bits for bit, bits in _POLL_BITS.items() if interest & bit)


_INTERESTS = {interest: to_poll_bits(interest) for interest in range(1, EVERYTHING + 1)}


class _Readiness(dict[int, int]):
    """The readiness bits for those of poll(2), each computed once."""

    def __missing__(self, bits: int) -> int:
        ready = self[bits] = sum(bit for bit, by in _WOKEN_BY.items() if bits & by)
        return ready


READINESS = _Readiness()


class PollSelector(selectors.BaseSelector):
    """poll(2): everywhere but on Windows, at a cost that grows with the descriptors watched.

    The other selectors extend it, and override the calls into the kernel.

    Attributes:
        sees: the readiness bits that it can report; it accepts no others.
    """

    sees: ClassVar[int] = EVERYTHING

    def __init__(self) -> None:
        """Watch nothing yet."""
        self._keys: dict[int, selectors.SelectorKey] = {}
        self._always_ready: set[int] = set()  # registered here, not in the kernel
        self._kernel = self._new_kernel()

    def _new_kernel(self) -> Any:  # unrelated classes of the standard library
        return select.poll()

    def outer_fileno(self) -> int | None:
        """Return a descriptor that another event loop can watch for long, None if there is none."""
        return None

    def always_ready(self) -> bool:
        """Return whether something is ready of which ``outer_fileno()`` cannot tell."""
        return bool(self._ready_at_once())

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Watch ``fileobj`` for ``events``, readiness bits.

        Raises:
            ValueError: ``events`` is 0 or not within ``sees``, or ``fileobj`` has no descriptor.
            KeyError: the descriptor is registered already.
            OSError: the kernel refused.
        """
        fd = fileobj if type(fileobj) is int and fileobj >= 0 else _descriptor(fileobj)
        bits = self._translate(events)
        if fd in self._keys:
            raise KeyError(f"descriptor {fd} is registered already: modify or unregister it")
        self._watch(fd, bits)
        key = self._keys[fd] = selectors.SelectorKey(fileobj, fd, events, data)
        return key

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Change what is watched for; raises as ``register()``, KeyError where it is not."""
        fd = fileobj if type(fileobj) is int and fileobj >= 0 else _descriptor(fileobj)
        bits = self._translate(events)
        if events != self._keys[fd].events and fd not in self._always_ready:
            self._change(fd, bits)
        key = self._keys[fd] = selectors.SelectorKey(fileobj, fd, events, data)
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        """Stop watching; KeyError where it is not registered."""
        fd = fileobj if type(fileobj) is int and fileobj >= 0 else _descriptor(fileobj)
        key = self._keys[fd]
        if fd in self._always_ready:
            self._always_ready.discard(fd)
        else:
            self._forget(fd)
        del self._keys[fd]
        return key

    def select(self, timeout: float | None = None) -> Ready:
        """Wait at most ``timeout`` seconds, a day where it is longer; return (key, bits) pairs.

        Raises:
            ValueError: ``timeout`` is NaN.
        """
        timeout = limited(timeout)
        milliseconds = None if timeout is None else math.ceil(timeout * 1000)
        keys = self._keys
        return [(keys[fd], READINESS[bits]) for fd, bits in self._kernel.poll(milliseconds)]

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        """Return the keys by descriptor number."""
        return self._keys

    def close(self) -> None:
        """Forget everything."""
        self._keys.clear()
        self._always_ready.clear()

    def _ready_at_once(self) -> Ready:
        """Return the keys that are always ready, with the bits that they are registered for."""
        keys = [self._keys[fd] for fd in self._always_ready]
        return [(key, wanted) for key in keys if (wanted := key.events & (READ | WRITE))]

    def _translate(self, events: int) -> Any:
        """Return the kernel's form of ``events``: here the bits of poll(2)."""
        if events in _INTERESTS and not events & ~self.sees:
            return _INTERESTS[events]
        known = ", ".join(name for name, bit in _NAMES.items() if bit & self.sees)
        raise ValueError(f"events must be some of {known}, not {events!r}")

    def _watch(self, fd: int, bits: Any) -> None:
        self._kernel.register(fd, bits)

    def _change(self, fd: int, bits: Any) -> None:
        self._kernel.modify(fd, bits)

    def _forget(self, fd: int) -> None:
        self._kernel.unregister(fd)


def _descriptor(fileobj: Any) -> int:
    """Return the descriptor number of an int or of an object with ``fileno()``."""
    fd = fileobj if isinstance(fileobj, int) else fileobj.fileno()
    if not isinstance(fd, int) or fd < 0:
        raise ValueError(f"{fileobj!r} has no open descriptor: register before closing")
    return fd


def limited(timeout: float | None) -> float | None:
    """Return a wait in seconds that every kernel takes."""
    if timeout is None or 0 <= timeout <= LONGEST_WAIT:
        return timeout
    if timeout != timeout:
        raise ValueError("the timeout is NaN: give seconds, or None to wait without end")
    return 0 if timeout < 0 else LONGEST_WAIT
