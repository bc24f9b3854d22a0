"""Chapters 4 and 5: delivery and errors, the descriptor that came back."""

from __future__ import annotations

import socket

from miniloop import AsyncChat, Dispatcher, EventLoop
from tests.book.runs.run import Run

BACKEND = ("192.0.2.7", 80)


class Buggy(AsyncChat):
    """Raises an exception for what arrives."""

    def collect_incoming_data(self, data: bytes) -> None:
        raise ValueError("a bug")

    def handle_error(self) -> None:
        """The default logs a traceback."""

    def handle_close(self) -> None:
        """The channel ends."""


class Echo(AsyncChat):
    """Returns what arrives."""

    def collect_incoming_data(self, data: bytes) -> None:
        self.push(data)


def play_a_bug(run: Run) -> None:
    """Two channels are ready; the handler of the first raises."""
    run.network()
    loop = run.loop()
    for name, kind in (("Ada", Buggy), ("Bob", Echo)):
        kind(loop, run.connected(name)[0])
    loop.run_once(0)
    for peer in run.people.values():
        run.later(0.005, peer.send, b"hello")
    run.later(0.02, run.over)
    with run.recorded():
        loop.run()


class Paused(Dispatcher):
    """Has stopped reading, because its work is not done."""

    def __init__(self, loop: EventLoop, sock: socket.socket) -> None:
        super().__init__(loop, sock)
        self.pause_reading()

    def handle_read(self) -> None:
        self.recv()

    def handle_close(self) -> None:
        """The channel ends."""


def play_hangup(run: Run) -> None:
    """The peer of a paused channel goes away."""
    run.network()
    loop = run.loop()
    ours, ada = run.connected("Ada")
    Paused(loop, ours)
    run.later(0.01, ada.close)
    run.later(0.02, run.over)
    with run.recorded():
        loop.run()


class Request(AsyncChat):
    """Connects to another server, and sends a request when it is connected."""

    def handle_connect(self) -> None:
        self.push(b"GET\n")


class Member(AsyncChat):
    """A member of a room; ``other`` is the one that it throws out."""

    other: Member | None = None

    def collect_incoming_data(self, data: bytes) -> None:
        other = self.other
        if other is not None:
            other.close()
            request = Request(self.loop)
            request.create_socket()
            request.connect(BACKEND)


def play_came_back(run: Run) -> None:
    """Ada's handler closes Bob's channel and opens a connection, which gets Bob's number."""
    net = run.network()
    net.listen(BACKEND)
    loop = run.loop()
    ours, ada = run.connected("Ada")
    first = Member(loop, ours)
    ours, bob = run.connected("Bob")
    second = Member(loop, ours)
    first.other = second
    bob.reading = False
    second.push(bytes(200_000))
    for _ in range(8):
        loop.run_once(0.01)
    run.later(0.005, ada.send, b"/kick Bob")
    run.later(0.005, _read, bob)
    run.later(0.02, run.over)
    with run.recorded():
        loop.run()


def _read(peer: object) -> None:
    """Bob reads again, at the moment when Ada's line is on its way."""
    setattr(peer, "reading", True)  # noqa: B010 - as a callback
