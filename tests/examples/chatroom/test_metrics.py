from __future__ import annotations

import pytest

from examples.chatroom.metrics import (
    INTERVAL,
    MOST_SAMPLES,
    WINDOW,
    Latency,
    LoopLatency,
    Rate,
)  # fmt: skip
from miniloop.trace import inspection
from tests.doubles import scripted


def test_a_loop_that_is_never_late() -> None:
    with scripted() as (loop, _, clock):
        latency = LoopLatency(loop)
        assert latency.summary().worst == 0
        for _ in range(20):
            clock.advance(INTERVAL)
            loop.run_once(0)
        assert latency.summary().worst == pytest.approx(0, abs=1e-6)


def test_a_loop_that_is_not_measured_has_no_timer_for_it() -> None:
    with scripted() as (loop, _, _clock):
        latency = LoopLatency(loop, measured=False)
        assert inspection.timers(loop, 1) == []
        assert latency.summary() == Latency(0, 0, 0)


def test_all_that_waited_behind_a_slow_handler_counts() -> None:
    with scripted() as (loop, _, clock):
        latency = LoopLatency(loop)
        clock.advance(1.0 + INTERVAL / 2)
        loop.run_once(0)
        late = latency.summary()
        assert late.worst == pytest.approx(0.95)
        assert late.p99 == pytest.approx(0.95)
        assert late.median == pytest.approx(0.45)


def test_only_the_last_minute_counts_and_memory_is_bounded() -> None:
    with scripted() as (loop, _, clock):
        latency = LoopLatency(loop)
        clock.advance(5.0)
        for _ in range(MOST_SAMPLES + 1):
            loop.run_once(0)
            clock.advance(INTERVAL)
        assert latency.summary().worst < INTERVAL * 1.01  # of 5 seconds, nothing is left
        assert len(latency._lateness) == MOST_SAMPLES


def test_hours_of_sleep_are_made_up_for_at_once() -> None:
    with scripted() as (loop, _, clock):
        latency = LoopLatency(loop)
        clock.advance(WINDOW * 100)
        loop.run_once(0)
        assert len(latency._lateness) == MOST_SAMPLES
        clock.advance(INTERVAL)
        loop.run_once(0)
        assert latency._lateness[-1] < INTERVAL


def test_a_rate_over_the_last_seconds() -> None:
    rate = Rate()
    assert rate.over(60) == 0
    for total in (10, 20, 50):
        rate.tick(total)
    assert rate.over(1) == 30
    assert rate.over(2) == 20
    assert rate.over(60) == pytest.approx(50 / 3)
    assert rate.over(0) == 0


def test_a_rate_is_bounded_in_memory() -> None:
    rate = Rate()
    for total in range(5000):
        rate.tick(total)
    assert rate.over(900) == 1
    assert rate.over(100_000) == 1
