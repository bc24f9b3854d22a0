"""Simulated time and what is due in it."""

import math

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


def test_what_is_on_the_way_is_counted() -> None:
    timeline = Timeline(0)
    timeline.later(1, int)
    timeline.carry(2, int)
    assert timeline.on_the_way == 1
    timeline.advance(math.inf)
    assert (timeline.on_the_way, timeline.now) == (0, 2)


def test_time_never_runs_backwards() -> None:
    timeline = Timeline(10)
    timeline.advance(5)
    assert timeline() == 10
