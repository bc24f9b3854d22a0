"""A channel that hears nothing for its idle limit ends."""

from miniloop import EventLoop
from miniloop.testing import FakeClock
from miniloop.trace import inspection
from tests.driving import Recording, pair, settle


def test_an_idle_channel_is_ended_and_a_busy_one_is_not() -> None:
    clock = FakeClock()
    with EventLoop(debug=True, clock=clock) as loop, pair() as (a, _a), pair() as (b, theirs):
        idle, busy = Recording(loop, a), Recording(loop, b)
        idle.set_idle_timeout(30)
        busy.set_idle_timeout(30)
        for _ in range(5):
            clock.advance(10)
            theirs.send(b"x")
            settle(loop)
        assert idle.seen == ["idle", "close"]
        assert busy.closed is False
        busy.set_idle_timeout(None)
        clock.advance(100)
        settle(loop)
        assert "idle" not in busy.seen


def test_an_idle_limit_costs_no_timers_while_traffic_flows(loop: EventLoop) -> None:
    with pair() as (ours, theirs):
        channel = Recording(loop, ours)
        channel.set_idle_timeout(30)
        timers = inspection.timers(loop, 9)
        for _ in range(20):
            theirs.send(b"x")
            settle(loop, 2)
        assert channel.seen == ["read"] * 20
        assert inspection.timers(loop, 9) == timers
