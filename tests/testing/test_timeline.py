"""Simulated time and what is due in it."""

import math

import pytest

from miniloop.testing.timeline import Timeline


def test_things_happen_when_they_are_due_in_the_order_of_their_times() -> None:
    timeline, seen = Timeline(0), []
    for delay in (2, 1, 2, 3):
        timeline.later(delay, lambda delay=delay: seen.append((delay, timeline())))
    assert timeline.next_time() == 1
    timeline.advance(2.5)
    assert seen == [(1, 1), (2, 2), (2, 2)]
    assert (timeline.now, timeline.next_time()) == (2.5, 3)


def test_what_happens_may_let_more_happen() -> None:
    timeline = Timeline(0)
    seen: list[str] = []
    timeline.later(1, timeline.later, 1, seen.append, "second")
    timeline.advance(5)
    assert seen == ["second"]
    assert timeline.next_time() == math.inf


def test_what_is_in_transit_is_counted() -> None:
    timeline = Timeline(0)
    timeline.later(1, int)
    timeline.carry(2, int)
    assert timeline.in_transit == 1
    timeline.advance(math.inf)
    assert (timeline.in_transit, timeline.now) == (0, 2)


def test_time_never_runs_backwards() -> None:
    timeline = Timeline(10)
    timeline.advance(5)
    assert timeline() == 10


def test_actions_that_follow_each_other_without_a_delay_are_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("miniloop.testing.timeline.MOST_AT_ONCE", 100)
    timeline = Timeline(0)
    for moment in (1, 2):
        for _ in range(100):
            timeline.later(moment, int)
    timeline.advance(5)

    def again() -> None:
        timeline.later(0, again)

    again()
    with pytest.raises(RuntimeError, match=r"100 actions ran at one simulated moment.*again"):
        timeline.advance(9)
