"""Chapters 1 to 3: thirty lines, one pass, who gets asked."""

from __future__ import annotations

import socket

from examples.inside.growing import step01_wait
from miniloop import AsyncChat, EventLoop, Listener
from tests.book.runs.run import Run
from tests.book.runs.stand_ins import SimulatedSelect

ADDRESS = ("127.0.0.1", 1234)


class Echo(AsyncChat):
    """Returns every line."""

    def __init__(self, loop: EventLoop, sock: socket.socket) -> None:
        super().__init__(loop, sock)
        self.line = b""
        self.set_terminator(b"\n")

    def collect_incoming_data(self, data: bytes) -> None:
        self.line += data

    def found_terminator(self) -> None:
        self.push(self.line + b"\n")
        self.line = b""


def play_thirty_lines(run: Run) -> None:
    """The loop of the chapter, with its echo."""
    net = run.network()
    loop = step01_wait.Loop()
    setattr(step01_wait, "select", SimulatedSelect(net, run))  # noqa: B010 - a stand-in
    server = net.socket()
    server.bind(ADDRESS)
    server.listen()
    step01_wait.Listener(loop, server, step01_wait.Echo)
    run.recorder.snapshots.watch_sockets(lambda: loop.channels)
    ada = run.peer("Ada", ADDRESS)
    run.later(0.01, ada.send, b"hello")
    run.later(0.02, ada.close)
    run.later(0.03, run.over)
    with run.recorded():
        loop.run()


def play_round_trip(run: Run) -> None:
    """The same on miniloop."""
    run.network()
    loop = run.loop()
    Listener(loop, ADDRESS, Echo)
    ada = run.peer("Ada", ADDRESS)
    run.later(0.01, ada.send, b"hello\n")
    run.later(0.02, ada.close)
    run.later(0.03, run.over)
    with run.recorded():
        loop.run()


class Visitor(AsyncChat):
    """Schedules a callback for what arrives."""

    def collect_incoming_data(self, data: bytes) -> None:
        self.loop.call_soon(self.answer, data)

    def answer(self, data: bytes) -> None:
        self.push(data)


def tick() -> None:
    """A timer's callback."""


def play_one_pass(run: Run) -> None:
    """An event, a timer and a callback in one pass."""
    net = run.network()
    loop = run.loop()
    ours, theirs = run.connected("Ada")
    Visitor(loop, ours)
    net.settle()
    loop.call_later(0.011, tick)
    theirs.send(b"hi")
    net.kernel.timeline.advance(net.now + 0.012)
    run.later(0.02, run.over)
    with run.recorded():
        loop.run()


def again(loop: EventLoop, number: int) -> None:
    """Schedule itself."""
    loop.call_soon(again, loop, number + 1)


def play_bounded_callbacks(run: Run) -> None:
    """A callback that schedules itself, and a line that arrives meanwhile."""
    net = run.network()
    loop = run.loop()
    ours, theirs = run.connected("Ada")
    Echo(loop, ours)
    net.settle()
    loop.call_soon(again, loop, 1)
    theirs.send(b"hello\n")
    net.kernel.timeline.advance(net.now + 0.002)
    with run.recorded():
        for _ in range(3):
            loop.run_once()


class Late(AsyncChat):
    """Queues output while it is being asked: the flush list was just emptied."""

    greeted = False

    def writable(self) -> bool:
        if not self.greeted:
            self.greeted = True
            self.push(b"welcome\n")
        return super().writable()


def play_zero_wait(run: Run) -> None:
    """Output that is queued after the flush of this pass."""
    run.network()
    loop = run.loop()
    ours, _ = run.connected("Ada")
    Late(loop, ours)
    loop.call_later(60, tick)
    run.later(61, run.over)
    with run.recorded():
        loop.run()


class Reader(AsyncChat):
    """Stops reading when it is told to."""

    def collect_incoming_data(self, data: bytes) -> None:
        if data == b"stop":
            self.pause_reading()
            self.loop.call_later(0.01, self.resume_reading)


def play_who_is_asked(run: Run) -> None:
    """Three channels; one of them changes its interest."""
    run.network()
    loop = run.loop()
    for name in ("Ada", "Bob", "Eve"):
        Reader(loop, run.connected(name)[0])
    run.later(0.005, run.people["Ada"].send, b"stop")
    run.later(0.03, run.over)
    with run.recorded():
        loop.run()
