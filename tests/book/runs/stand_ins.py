"""Simulated select() and poll() for code that calls them itself."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tests.book.runs import words

if TYPE_CHECKING:
    from miniloop.testing import SimulatedNetwork
    from tests.book.runs.run import Run

_READABLE = 1 | 16 | 8  # POLLIN, POLLHUP, POLLERR
_NAMES = {1: "POLLIN", 4: "POLLOUT", 16: "POLLHUP", 8: "POLLERR", 32: "POLLNVAL"}


class SimulatedSelect:
    """In the place of the module ``select``: the call of the same name, on simulated sockets."""

    def __init__(self, net: SimulatedNetwork, run: Run) -> None:
        self._net = net
        self._run = run

    def select(
        self, readers: Sequence[Any], writers: Sequence[Any], either: Sequence[Any],
        timeout: float | None = None,
    ) -> tuple[list[Any], list[Any], list[Any]]:  # fmt: skip
        """Wait until one can be read; ValueError: one is closed."""
        shown = ", ".join(f"fd {each.fileno()}" for each in readers)
        if any(each.fileno() < 0 for each in readers):
            self._note(f"select({shown}): ValueError, -1 is no descriptor")
            raise ValueError("file descriptor cannot be a negative integer (-1)")
        self._note(f"select({shown}) sleeps")
        self._net._driver.wait(lambda: _ready(readers), timeout)
        ready = _ready(readers)
        self._note(f"select() = {', '.join(f'fd {each.fileno()}' for each in ready)}")
        return ready, [], []

    def _note(self, text: str) -> None:
        self._run.recorder.note("kernel", text, sys._getframe(2))


def _ready(readers: Sequence[Any]) -> list[Any]:
    return [each for each in readers if each.poll() & _READABLE]


class Select:
    """In the place of the module ``select`` where only ``poll()`` is called, once."""

    def __init__(self, poll: SimulatedPoll) -> None:
        self._poll = poll

    def poll(self) -> SimulatedPoll:
        """Return the list."""
        return self._poll


class SimulatedPoll:
    """What ``select.poll()`` returns."""

    def __init__(self, net: SimulatedNetwork, run: Run) -> None:
        self._net = net
        self._run = run
        self._wanted: dict[int, int] = {}

    def register(self, fd: int, bits: int) -> None:
        """Wait for ``bits`` of this descriptor; no system call."""
        self._wanted[fd] = bits

    def unregister(self, fd: int) -> None:
        """Wait for it no more."""
        del self._wanted[fd]

    def poll(self, milliseconds: float | None = None) -> list[tuple[int, int]]:
        """Wait; return what is ready."""
        timeout = None if milliseconds is None else milliseconds / 1000
        writers = ", ".join(f"fd {fd}" for fd, bits in self._wanted.items() if bits & 4)
        among = f"{len(self._wanted)} descriptors" + (f", {writers} for WRITE" if writers else "")
        self._note(f"poll({among}; {words.seconds(timeout)})")
        self._net._driver.wait(self._ready, timeout)
        ready = self._ready()
        found = ", ".join(f"fd {fd} {_events(bits)}" for fd, bits in ready)
        self._note(f"poll() = {found or 'nothing'}")
        return ready

    def _ready(self) -> list[tuple[int, int]]:
        files = self._net.kernel.descriptors.files
        found = []
        for fd, wanted in self._wanted.items():
            bits = files[fd].poll() & (wanted | 8 | 16) if fd in files else 32
            if bits:
                found.append((fd, bits))
        return found

    def _note(self, text: str) -> None:
        self._run.recorder.note("kernel", text, sys._getframe(2))


def _events(bits: int) -> str:
    return "|".join(name for bit, name in _NAMES.items() if bits & bit)
