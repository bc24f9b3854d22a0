"""The hooks do nothing; that the loop calls them is tested with the loop."""

from miniloop import EventLoop, Trace
from miniloop.readiness import READ, Registration
from tests.doubles import FakeChannel


def test_hooks_do_nothing() -> None:
    trace = Trace()
    registration = Registration(FakeChannel(), 7, asked=False)
    trace.before_wait(None)
    trace.after_wait(3)
    trace.before_delivery(registration, READ)
    trace.after_delivery(registration)
    assert registration.alive


def test_hooks_may_be_overridden_one_by_one() -> None:
    waits: list[int] = []

    class Counts(Trace):
        def after_wait(self, events: int) -> None:
            waits.append(events)

    with EventLoop(trace=Counts(), debug=True) as loop:
        loop.call_soon(int)
        loop.run_once()
        loop.call_soon_threadsafe(int)
        loop.run_once()
    assert waits == [0, 1]
