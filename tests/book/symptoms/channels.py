"""Chapter 4: delivery and errors."""

from miniloop import Dispatcher, EventLoop
from tests.book.symptoms.loop import two_readers
from tests.book.symptoms.shown import pair, passes, shows


@shows("deliver-to-the-dead")
def _() -> str:
    called = two_readers("close")
    return "the closed channel is called" if called > 1 else "the closed channel is left alone"


@shows("mark-the-end-late")
def _() -> str:
    class Busy(Dispatcher):
        calls = 0

        def handle_read(self) -> None:
            self.recv()

        def handle_close(self) -> None:
            self.calls += 1
            if self.calls < 100:
                self.end()

    with EventLoop() as loop:
        ours, theirs = pair()
        channel = Busy(loop, ours)
        theirs.close()
        passes(loop)
    return f"handle_close() is called {'once' if channel.calls == 1 else f'{channel.calls} times'}"


@shows("trust-close")
def _() -> str:
    class Buggy(Dispatcher):
        calls = 0

        def handle_read(self) -> None:
            self.calls += 1
            raise ZeroDivisionError

    def fail() -> None:
        raise ZeroDivisionError

    with EventLoop() as loop:
        ours, theirs = pair()
        channel = Buggy(loop, ours)
        channel.__dict__["close"] = fail
        theirs.send(b"x")
        passes(loop, 100)
        del channel.__dict__["close"]
    return f"its handler is called in {channel.calls} of 100 passes"


@shows("lift-everything")
def _() -> str:
    class Patient(Dispatcher):
        ends = 0

        def handle_read(self) -> None:
            self.recv()

        def handle_eof(self) -> None:
            self.ends += 1

    with EventLoop() as loop:
        ours, theirs = pair()
        channel = Patient(loop, ours)
        theirs.close()
        for _ in range(4):
            passes(loop, 2)
            channel.pause_reading()
            channel.resume_reading()
    return f"handle_eof() is called {'once' if channel.ends == 1 else f'{channel.ends} times'}"
