"""Chapters 6 and 7: time, waking from a thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from miniloop import AsyncChat
from tests.book.runs.run import HANDLERS, Run


def tea() -> None:
    """A timer's callback."""


def alarm() -> None:
    """Another one."""


def cancelled() -> None:
    """One that is never called."""


def play_timers(run: Run) -> None:
    """Two timers are due at different times, a third was cancelled."""
    run.network()
    loop = run.loop()
    loop.run_once(0)
    loop.call_later(2, tea)
    loop.call_later(1, cancelled).cancel()
    loop.call_later(3, alarm)
    with run.recorded():
        loop.run()


class Slow(AsyncChat):
    """Computes for two seconds in its handler."""

    compute: Callable[[], object]

    def collect_incoming_data(self, data: bytes) -> None:
        self.compute()


def play_long_handler(run: Run) -> None:
    """While a handler computes, a timer becomes due and a line arrives."""
    net = run.network()
    loop = run.loop()
    slow, ada = run.connected("Ada")
    Slow(loop, slow).compute = partial(_compute, run, net)
    echo, bob = run.connected("Bob")
    Echo(loop, echo)
    loop.run_once(0)
    loop.call_later(1, tea)
    run.later(0.5, ada.send, b"compute")
    run.later(1.5, bob.send, b"hello")
    run.later(3.0, run.over)
    with run.recorded():
        loop.run()


def _compute(run: Run, net: Any) -> None:
    run.note("it computes for 2 s, and the loop waits for it", HANDLERS)
    net.kernel.timeline.advance(net.now + 2)


class Echo(AsyncChat):
    """Returns what arrives."""

    def collect_incoming_data(self, data: bytes) -> None:
        self.push(data)


def result(value: int) -> None:
    """What the thread has computed, on the loop's thread."""


def work(loop: Any) -> None:
    """Run on a thread of its own."""
    loop.call_soon_threadsafe(result, 42)


def play_thread(run: Run) -> None:
    """A thread has a result while the loop sleeps."""
    run.network()
    loop = run.loop()
    ours, _ = run.connected("Ada")
    Echo(loop, ours)
    loop.run_once(0)
    run.later(1, _start, loop)
    run.later(2, run.over)
    with run.recorded():
        loop.run()


def _start(loop: Any) -> None:
    thread = threading.Thread(target=work, args=(loop,))
    thread.start()
    thread.join()


def play_between(run: Run) -> None:
    """Three threads call; the second does so just when the waker is about to read."""
    net = run.network()
    loop = run.loop()
    ours, _ = run.connected("Ada")
    Echo(loop, ours)
    loop.run_once(0)
    waker: Any = loop._waker
    waker._receiver = Between(waker._receiver, partial(_now, net, loop))
    run.later(1, _start, loop)
    run.later(1.5, _start, loop)
    run.later(2, run.over)
    with run.recorded():
        loop.run()


def _now(net: Any, loop: Any) -> None:
    """A thread calls, and what it sends arrives."""
    _start(loop)
    net.kernel.timeline.advance(net.now + 0.002)


class Between:
    """The waker's receiving socket; another thread calls just before its first read."""

    def __init__(self, sock: Any, first: Callable[[], object]) -> None:
        self._sock = sock
        self._first: Callable[[], object] | None = first

    def __getattr__(self, name: str) -> Any:
        if name == "recv" and self._first is not None:
            first, self._first = self._first, None
            first()
        return getattr(self._sock, name)
