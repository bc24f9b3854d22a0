"""Chapters 8 and 9: splitting a stream, writing and backpressure."""

from __future__ import annotations

import socket

from miniloop import AsyncChat, EventLoop
from miniloop.testing import Peer
from tests.book.runs.run import Run


class Lines(AsyncChat):
    """Takes lines that end with CR LF."""

    def __init__(self, loop: EventLoop, sock: socket.socket) -> None:
        super().__init__(loop, sock)
        self.set_terminator(b"\r\n")

    def collect_incoming_data(self, data: bytes) -> None:
        """A part of a line."""

    def found_terminator(self) -> None:
        """The line is complete."""


def play_split_terminator(run: Run) -> None:
    """The terminator itself is split over two segments."""
    run.network()
    loop = run.loop()
    ours, ada = run.connected("Ada")
    Lines(loop, ours)
    loop.run_once(0)
    run.later(0.005, ada.send, b"hel")
    run.later(0.010, ada.send, b"lo\r")
    run.later(0.015, ada.send, b"\nbye\r\n")
    run.later(0.03, run.over)
    with run.recorded():
        loop.run()


class Headers(AsyncChat):
    """Lines up to one that says how many bytes follow."""

    def __init__(self, loop: EventLoop, sock: socket.socket) -> None:
        super().__init__(loop, sock)
        self.set_terminator(b"\n")
        self.body = False

    def collect_incoming_data(self, data: bytes) -> None:
        if data == b"length 5":
            self.body = True

    def found_terminator(self) -> None:
        if self.body:
            self.body = False
            self.set_terminator(5)
        else:
            self.set_terminator(b"\n")


def play_changed_terminator(run: Run) -> None:
    """A header, a body with line ends in it, and a line, in one segment."""
    run.network()
    loop = run.loop()
    ours, ada = run.connected("Ada")
    Headers(loop, ours)
    loop.run_once(0)
    run.later(0.005, ada.send, b"first\nlength 5\na\nb\ncbye\n")
    run.later(0.02, run.over)
    with run.recorded():
        loop.run()


class Talker(AsyncChat):
    """Sends 20 MB when it is asked."""

    def collect_incoming_data(self, data: bytes) -> None:
        self.push(bytes(20_000_000))

    def handle_high_water(self) -> None:
        """Slow down."""

    def handle_low_water(self) -> None:
        """Go on."""

    def handle_close(self) -> None:
        """The channel ends."""


def play_twenty_megabytes(run: Run) -> None:
    """20 MB for a reader that does not read for a while."""
    run.network(max_steps=10_000)
    loop = run.loop()
    ours, ada = run.connected("Ada")
    talker = Talker(loop, ours)
    ada.reading = False
    loop.run_once(0)
    run.later(0.005, ada.send, b"GET")
    run.later(1, _read_again, ada)
    run.later(1.0025, _forward, run, ada)
    run.later(1.9, run.over)
    _when_nearly_sent(run, talker)
    with run.recorded():
        loop.run()


def _read_again(peer: object) -> None:
    setattr(peer, "reading", True)  # noqa: B010 - as a callback


def _forward(run: Run, ada: Peer) -> None:
    """Leave out the middle, if there is one: without its line, the broken run has none."""
    if len(ada.received) > 65536:
        run.note("so it goes on, with each 65,536 bytes that Ada reads ...")
        run.skip(True)


def _when_nearly_sent(run: Run, talker: Talker) -> None:
    """Look every half millisecond, and record the end again."""
    if 0 < run.recorder.snapshots.queued(talker) < 150_000:
        run.skip(False)
    else:
        run.later(0.0005, _when_nearly_sent, run, talker)


def play_never_reads(run: Run) -> None:
    """A reader that never reads, and a program that goes on pushing."""
    run.network()
    loop = run.loop()
    ours, ada = run.connected("Ada")
    Talker(loop, ours)
    ada.reading = False
    loop.run_once(0)
    run.later(0.005, ada.send, b"GET")
    run.later(0.010, ada.send, b"GET")
    run.later(0.03, run.over)
    with run.recorded():
        loop.run()
