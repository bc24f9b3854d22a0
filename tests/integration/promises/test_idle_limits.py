"""A channel on which nothing moves for its idle limit ends."""

import pytest

from miniloop import EventLoop
from miniloop.testing import FakeClock
from miniloop.trace import inspection
from tests.driving import Lines, Recording, pair, receive, settle


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


@pytest.mark.parametrize("paused", [False, True])
def test_a_download_is_not_idle(paused: bool) -> None:
    """Also one that is slow, and whose program does not read meanwhile."""
    clock = FakeClock()
    with EventLoop(debug=True, clock=clock) as loop, pair() as (ours, theirs):
        channel = Lines(loop, ours)
        channel.set_idle_timeout(30)
        channel.push(b"x" * 3_000_000)
        if paused:
            channel.pause_reading()
        settle(loop)
        while channel.output_size:
            receive(theirs)
            clock.advance(20)
            settle(loop, 2)
            assert not channel.closed
        clock.advance(31)
        settle(loop)
        assert isinstance(channel.error, TimeoutError)


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
