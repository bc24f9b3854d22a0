"""Chapters 10 to 13: asyncore on top, accepting, how a loop ends, TLS."""

from __future__ import annotations

import socket
from typing import Any

from miniloop import AsyncChat, EventLoop, Listener
from miniloop.compat import asynchat, asyncore, interest_list, watch
from tests.book.runs.run import Run
from tests.book.runs.stand_ins import Select, SimulatedPoll

ADDRESS = ("127.0.0.1", 1234)


class Talks(asynchat.async_chat):
    """Puts what it hears into the queue of another object, past that object's methods."""

    other: Any = None

    def collect_incoming_data(self, data: bytes) -> None:
        self.other.producer_fifo.append(data)


def play_foreign_write(run: Run) -> None:
    """In a map of 22 asyncore objects one changes the queue of another."""
    net = run.network()
    poll = SimulatedPoll(net, run)
    setattr(interest_list, "select", Select(poll))  # noqa: B010 - a stand-in
    watch.AUDIT_PAUSE = 1000.0
    map: dict[int, Any] = {}
    ours, ada = run.connected("Ada")
    talks = Talks(ours, map)
    ours, _ = run.connected("Bob")
    talks.other = asynchat.async_chat(ours, map)
    for number in range(20):
        asynchat.async_chat(run.connected(f"number {number}")[0], map)
    talks.set_terminator(None)
    run.recorder.snapshots.watch_map(map, ("Ada", "Bob"))
    run.later(0.002, ada.send, b"hello")
    run.later(0.02, run.over)
    with run.recorded():
        asyncore.loop(0.005, True, map, 12)


class Guest(AsyncChat):
    """Stays until it leaves."""

    def collect_incoming_data(self, data: bytes) -> None:
        """What it says."""


def play_out_of_descriptors(run: Run) -> None:
    """Two connections wait, and there is one descriptor left; later one becomes free."""
    run.network(descriptors=5)
    loop = run.loop()
    Listener(loop, ADDRESS, Guest)
    for name in ("Ada", "Bob", "Eve"):
        run.peer(name, ADDRESS)
    run.later(0.1, run.over)
    run.later(0.02, _leave, run)
    with run.recorded():
        loop.run()


def _leave(run: Run) -> None:
    """Ada leaves."""
    run.people["Ada"].close()


class Farewell(AsyncChat):
    """Says goodbye to what arrives, and closes."""

    def collect_incoming_data(self, data: bytes) -> None:
        self.push(b"bye\n")
        self.close_when_done()

    def handle_close(self) -> None:
        """The channel ends."""


def play_last_channel(run: Run) -> None:
    """The last channel ends in the refresh."""
    run.network()
    loop = run.loop()
    ours, ada = run.connected("Ada")
    Farewell(loop, ours)
    loop.run_once(0)
    run.later(0.005, ada.send, b"quit")
    with run.recorded():
        loop.run()


class Member(AsyncChat):
    """A member of a room."""

    def collect_incoming_data(self, data: bytes) -> None:
        if data == b"shutdown":
            self.loop.on_stop(last_words, self)
            self.loop.stop()


def last_words(member: Member) -> None:
    """The program's own callback."""
    member.push(b"The server stops.\n")


def play_stop(run: Run) -> None:
    """stop() ends listeners first, sends what is queued, and closes the rest."""
    net = run.network()
    loop = run.loop()
    Listener(loop, ADDRESS, Member)
    ada = run.peer("Ada", ADDRESS)
    net.settle()
    run.later(0.005, ada.send, b"shutdown")
    with run.recorded():
        loop.run()


class Secret(AsyncChat):
    """Pushes its answer before the handshake has ended."""

    def __init__(self, loop: EventLoop, sock: socket.socket, context: Any) -> None:
        super().__init__(loop, sock)
        self.start_tls(context, server_side=True)
        self.push(b"welcome\n")

    def handle_secured(self) -> None:
        """The handshake has ended."""

    def collect_incoming_data(self, data: bytes) -> None:
        """What is decrypted."""


def play_tls(run: Run) -> None:
    """Output waits for the handshake, which needs input."""
    from tests.book.runs.tls_peer import TlsPeer, contexts

    run.network()
    loop = run.loop()
    ours, ada = run.connected("Ada")
    server, client = contexts()
    Secret(loop, ours, server)
    TlsPeer(ada, client)
    run.later(0.05, run.over)
    with run.recorded():
        loop.run()
