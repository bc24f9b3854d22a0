"""Chapters 1, 2, 3, 6, 7 and 12: the loop."""

import selectors
import socket
from typing import Any

from examples.inside.growing import step01_wait
from miniloop import AsyncChat, Dispatcher, EventLoop, Listener, announced
from miniloop.readiness import Channel
from miniloop.system.waker import Waker
from miniloop.testing import FakeClock, ScriptedSelector
from miniloop.timers import TimerQueue
from tests.book.symptoms.shown import events, pair, passes, received, shows


@shows("forget-first")
def _() -> str:
    loop = step01_wait.Loop()
    ours, theirs = pair()
    step01_wait.Echo(loop, ours)
    theirs.close()
    loop.run_once()
    try:
        loop.run_once(0)
    except ValueError as error:
        return f"the next pass ends the loop: ValueError: {error}"
    return f"the next pass waits for {len(loop.channels)} channels"


@shows("callbacks-without-end")
def _() -> str:
    count = 0

    def again() -> None:
        nonlocal count
        count += 1
        if count < 100_000:
            loop.call_soon(again)

    with EventLoop() as loop:
        loop.call_soon(again)
        loop.run_once()
    return f"callbacks in one pass: {count:,}" + (
        ", and no channel is read meanwhile" if count > 1 else ""
    )


@shows("lose-the-rest")
def _() -> str:
    def interrupt() -> None:
        del ada.__dict__["flush"]
        raise KeyboardInterrupt

    with EventLoop() as loop:
        (one, _), (two, theirs) = pair(), pair()
        ada, bob = AsyncChat(loop, one), AsyncChat(loop, two)
        ada.push(b"for Ada")
        bob.push(b"for Bob")
        ada.__dict__["flush"] = interrupt
        try:
            loop.run_once(0)
        except KeyboardInterrupt:
            passes(loop)
        return (
            "Bob's line is sent in the next pass" if received(theirs) else "Bob's line never leaves"
        )


@shows("sleeping-on-work")
def _() -> str:
    class First(Channel):
        def flush(self) -> None:
            talker.push(b"queued while flushing")

    clock = FakeClock()
    selector = ScriptedSelector(clock)
    with EventLoop(selector=selector, clock=clock) as loop:
        talker = AsyncChat(loop, pair()[0])
        loop.run_once(0)
        loop.call_later(3600, print)
        loop.flush_soon(First())
        loop.run_once()
    return f"with output in the queue, the loop waits for {selector.timeouts[-1]:g} seconds"


class Reader(Dispatcher):
    """Pauses, or closes, the other one when it is called."""

    other: "Reader"
    how = "pause_reading"
    called = 0

    def handle_read(self) -> None:
        self.called += 1
        self.recv()
        getattr(self.other, self.how)()


def two_readers(how: str) -> int:
    """Return how many of two were called, of which the first ends the other's reading."""
    with EventLoop() as loop:
        (one, ada), (two, bob) = pair(), pair()
        readers = Reader(loop, one), Reader(loop, two)
        for reader, other in (readers, readers[::-1]):
            reader.other, reader.how = other, how
        passes(loop, 1)
        ada.send(b"x")
        bob.send(b"x")
        passes(loop, 1)
        return sum(reader.called for reader in readers)


@shows("trust-the-dirty")
def _() -> str:
    called = two_readers("pause_reading")
    return "the paused channel is called" if called > 1 else "the paused channel is left alone"


@shows("trust-the-silent")
def _() -> str:
    class Moody(Dispatcher):
        other: "Moody"
        willing = True
        called = 0

        def readable(self) -> bool:
            return self.willing

        def handle_read(self) -> None:
            self.called += 1
            self.recv()
            self.other.willing = False

    with EventLoop() as loop:
        (one, ada), (two, bob) = pair(), pair()
        first, second = Moody(loop, one), Moody(loop, two)
        first.other, second.other = second, first
        passes(loop, 1)
        ada.send(b"x")
        bob.send(b"x")
        passes(loop, 1)
        both = first.called + second.called > 1
    return "one is called whose readable() is False" if both else "only the willing one is called"


@shows("clear-the-mark-late")
def _() -> str:
    class Shy(Dispatcher):
        willing = False
        called = 0

        @announced
        def readable(self) -> bool:
            willing, self.willing = self.willing, True
            if not willing:
                self.interest_changed()
            return willing

        def handle_read(self) -> None:
            self.called += bool(self.recv())

    with EventLoop() as loop:
        ours, theirs = pair()
        shy = Shy(loop, ours)
        theirs.send(b"x")
        passes(loop)
        return "it is called" if shy.called else "the change is forgotten: it waits for ever"


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


@shows("wait-for-months")
def _() -> str:
    with EventLoop(selector=selectors.DefaultSelector()) as loop:
        ours, theirs = pair()
        Reader(loop, ours).other = Reader(loop, pair()[0])
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


@shows("stop-at-once")
def _() -> str:
    class Slow(AsyncChat):
        pass

    with EventLoop() as loop:
        ours, theirs = pair()
        channel = Slow(loop, ours)
        channel.push(bytes(1_000_000))
        got = 0

        def read_on() -> None:
            nonlocal got
            data = received(theirs)
            got += len(data)
            if got < 1_000_000 and not channel.closed:
                loop.call_soon(read_on)

        loop.call_soon(read_on)
        loop.stop()
        loop.run()
        got += len(received(theirs))
    return "all that was queued arrives" if got == 1_000_000 else "the end of the output is lost"


@shows("listen-on")
def _() -> str:
    accepted = 0

    class Counted(AsyncChat):
        def handle_socket(self, sock: socket.socket) -> None:
            nonlocal accepted
            accepted += 1

    with EventLoop() as loop, socket.socket() as late:
        ours, _ = pair()
        AsyncChat(loop, ours).push(bytes(5_000_000))  # so that the stop takes some passes
        listener = Listener(loop, ("127.0.0.1", 0), Counted)
        address = listener.socket.getsockname()
        refused = True

        def come_late() -> None:
            nonlocal refused
            late.settimeout(5)
            refused = late.connect_ex(address) != 0

        loop.on_stop(come_late)
        loop.stop(grace=0.05)
        loop.run()
    return "a client that comes now is refused" if refused else "a client that comes now is let in"


@shows("spin-without-descriptors")
def _() -> str:
    class Exhausted:
        attempts = 0

        def accept(self) -> Any:
            self.attempts += 1
            raise OSError(24, "Too many open files")

    with EventLoop(clock=FakeClock()) as loop, socket.socket() as client:
        listener = Listener(loop, ("127.0.0.1", 0), AsyncChat)
        client.connect(listener.socket.getsockname())
        exhausted = Exhausted()
        listener._accepting_._socket = exhausted  # type: ignore[union-attr]
        busy = events(loop)
    return f"of 100 passes {busy} are not waits, with {exhausted.attempts} attempts to accept"


@shows("believe-writable")
def _() -> str:
    said: list[str] = []

    class Client(Dispatcher):
        def handle_connect(self) -> None:
            said.append("handle_connect() is called, though nothing listens there")

        def handle_connect_error(self, error: OSError) -> None:
            said.append(f"handle_connect_error() is called: {error.strerror}")

    with EventLoop() as loop, socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        client = Client(loop)
        client.create_socket()
        client.connect(deaf.getsockname())
        while not said:
            loop.run_once(1)
    return said[0]
