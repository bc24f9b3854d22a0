"""Chapters 6 and 7: time, and waking from a thread."""

import selectors
import socket
from typing import Any

from miniloop import Dispatcher, EventLoop
from miniloop.system.waker import Waker
from miniloop.timers import TimerQueue
from tests.book.symptoms.shown import pair, received, shows


@shows("no-tie-break")
def _() -> str:
    said: list[str] = []
    queue = TimerQueue()
    try:
        for name in ("first", "second"):
            queue.add(5.0, said.append, (name,))
    except TypeError as error:
        return f"the second one cannot be made: TypeError: {error}"
    for _ in range(queue.move_due(5.0)):
        queue.due.popleft().run()
    return f"they run in their order: {', '.join(said)}"


class Reader(Dispatcher):
    """Receives."""

    def handle_read(self) -> None:
        self.recv()


@shows("wait-for-months")
def _() -> str:
    with EventLoop(selector=selectors.DefaultSelector()) as loop:
        ours, theirs = pair()
        Reader(loop, ours)
        loop.call_later(30 * 86400, print)
        theirs.send(b"x")
        try:
            loop.run_once()
        except OverflowError as error:
            return f"run_once() raises OverflowError: {error}"
    return "the wait is cut to a day, and an event ends it"


@shows("keep-the-cancelled")
def _() -> str:
    queue = TimerQueue()
    for number in range(10_000):  # a time limit each, and the connect succeeds
        queue.add(30.0 + number, print).cancel()
    return f"after 10,000 cancelled timers {len(queue.heap):,} are in the heap"


class WokenMeanwhile:
    """A receiving end, in whose ``recv()`` another thread wakes the loop."""

    def __init__(self, waker: Waker) -> None:
        self._waker = waker
        self._receiver = waker._receiver

    def recv(self, size: int) -> bytes:
        self._waker.wake()
        return self._receiver.recv(size)


@shows("mark-first")
def _() -> str:
    waker = Waker()
    waker.wake()
    receiver: Any = waker._receiver
    waker._receiver = WokenMeanwhile(waker)  # type: ignore[assignment]
    waker.handle_read()
    waker._receiver = receiver
    waker.wake()
    woken = received(receiver)
    waker.close()
    return "the next wake-up ends the wait" if woken else "no wake-up ends a wait any more"


@shows("byte-first")
def _() -> str:
    found: list[int] = []
    with EventLoop() as loop:

        def wake() -> None:  # as if the loop's thread had its turn right here
            found.append(len(loop._callbacks))

        loop._waker.wake = wake  # type: ignore[method-assign]
        loop.call_soon_threadsafe(print)
        loop._callbacks.clear()
    return (
        "it wakes, and finds the callback" if found == [1] else "it wakes, finds nothing, sleeps on"
    )


@shows("wake-twice")
def _() -> str:
    class Counting:
        calls = 0

        def send(self, data: bytes) -> int:
            self.calls += 1
            return len(data)

    waker, counting, sender = Waker(), Counting(), None
    sender, waker._sender = waker._sender, counting  # type: ignore[assignment]
    for _ in range(1000):
        waker.wake()
    waker._sender = sender
    waker.close()
    return f"system calls for 1,000 wake-ups: {counting.calls:,}"


@shows("read-once")
def _() -> str:
    waker = Waker()
    with socket.socket(fileno=socket.dup(waker.signal_fileno())) as sender:
        sender.send(b"\2" * 5000)
    waker.handle_read()
    left = received(waker._receiver)
    waker.close()
    return "the next wait is not a wait: bytes are left" if left else "the next wait is a wait"
