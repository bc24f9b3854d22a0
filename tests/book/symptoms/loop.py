"""Chapters 1, 2 and 3: the loop."""

from examples.inside.growing import step01_wait
from miniloop import AsyncChat, Dispatcher, EventLoop, announced
from miniloop.readiness import Channel
from miniloop.testing import FakeClock, ScriptedSelector
from tests.book.symptoms.shown import pair, passes, received, shows


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
