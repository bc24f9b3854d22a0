"""What a loop holds, looked at without changing it."""

from miniloop.trace import inspection
from tests.doubles import FakeChannel, scripted


def test_registrations_without_the_loops_own() -> None:
    with scripted() as (loop, _, _):
        first, second = FakeChannel(), FakeChannel()
        registrations = [first.join(loop), second.join(loop)]
        assert inspection.registrations(loop) == registrations
        first.close()
        assert inspection.registrations(loop) == registrations[1:]


def test_timers_in_order_without_the_cancelled() -> None:
    with scripted() as (loop, _, _):
        later = [loop.call_later(delay, int) for delay in (3, 1, 2)]
        later[1].cancel()
        assert inspection.timers(loop, 10) == [later[2], later[0]]
        assert inspection.timers(loop, 1) == [later[2]]
        assert inspection.timers(loop, 0) == []


def test_timers_that_are_due_come_first() -> None:
    with scripted() as (loop, _, _):
        timers = [loop.call_later(delay, int) for delay in (5, 1, 3, 1)]
        loop._timers.move_due(loop.time() + 1)  # an exception passed: they are still to run
        assert inspection.timers(loop, 3) == [timers[1], timers[3], timers[2]]
        assert inspection.timers(loop, 1) == [timers[1]]


def test_callbacks_in_order() -> None:
    with scripted() as (loop, _, _):
        soon = [loop.call_soon(int) for _ in range(3)]
        assert inspection.callbacks(loop, 2) == soon[:2]
        assert inspection.callbacks(loop, 10) == soon


def test_who_queued_output() -> None:
    with scripted() as (loop, _, _):
        channel = FakeChannel()
        channel.join(loop)
        loop.flush_soon(channel)
        assert inspection.waiting_to_flush(loop) == [channel]
        loop.run_once(0)
        assert inspection.waiting_to_flush(loop) == []
