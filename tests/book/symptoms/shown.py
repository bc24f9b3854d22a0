"""The table of symptoms, and what many of them need."""

import socket
from collections.abc import Callable

from miniloop import EventLoop

Symptom = Callable[[], str]

SYMPTOMS: dict[str, Symptom] = {}
"""By the name of the change."""


def shows(name: str) -> Callable[[Symptom], Symptom]:
    """Declare which change a function shows."""

    def declare(symptom: Symptom) -> Symptom:
        SYMPTOMS[name] = symptom
        return symptom

    return declare


def passes(loop: EventLoop, count: int = 10) -> None:
    """Make passes that do not wait."""
    for _ in range(count):
        loop.run_once(0)


def events(loop: EventLoop, count: int = 100) -> int:
    """Make passes that do not wait; return how many of them would not have waited."""
    busy = 0
    for _ in range(count):
        loop._refresh()
        found = loop._wait(0)
        busy += bool(found or loop._callbacks)
        loop._deliver(found)
        loop._run_timers()
        loop._run_callbacks()
    return busy


def pair() -> tuple[socket.socket, socket.socket]:
    """Return two connected sockets; the second one does not block."""
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    return ours, theirs


def received(sock: socket.socket) -> bytes:
    """Return what a socket that does not block has received."""
    try:
        return sock.recv(1 << 20)
    except BlockingIOError:
        return b""
