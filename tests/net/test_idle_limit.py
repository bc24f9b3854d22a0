"""Silence is reported when it is long enough, whatever came before; the clock stands still."""

from collections.abc import Iterator

import pytest

from miniloop import EventLoop
from miniloop.net.idle_limit import IdleLimit
from miniloop.testing import FakeClock
from miniloop.trace import inspection
from tests.doubles import scripted


class Setup:
    """Notes the times of the reports, in seconds since the beginning."""

    def __init__(self, loop: EventLoop, clock: FakeClock) -> None:
        self.loop = loop
        self.clock = clock
        self.reports: list[float] = []
        self.limit = IdleLimit(loop, 10, self.report)

    def report(self) -> None:
        self.reports.append(self.clock() - 1000)

    def until(self, when: float) -> None:
        """Go on until this many seconds have passed."""
        self.loop.call_at(1000 + when, int)
        while self.clock() < 1000 + when:
            self.loop.run_once()


@pytest.fixture
def setup() -> Iterator[Setup]:
    with scripted() as (loop, _, clock):
        loop.run_once(0)
        yield Setup(loop, clock)


def test_silence_is_reported_whenever_the_limit_has_passed(setup: Setup) -> None:
    setup.until(35)
    assert setup.reports == [10, 20, 30]


def test_what_was_noted_postpones_the_report_by_the_whole_limit(setup: Setup) -> None:
    setup.until(9)
    setup.limit.note()
    setup.until(15)
    setup.limit.note()
    setup.until(24.5)
    assert setup.reports == []
    setup.until(25)
    assert setup.reports == [25]


def test_traffic_costs_no_timer_operations(setup: Setup) -> None:
    timers = inspection.timers(setup.loop, 9)
    for _ in range(100):
        setup.limit.note()
    assert inspection.timers(setup.loop, 9) == timers
    assert len(timers) == 1


def test_close_ends_the_reports(setup: Setup) -> None:
    setup.until(12)
    setup.limit.close()
    setup.limit.close()
    setup.until(50)
    assert setup.reports == [10]
    assert inspection.timers(setup.loop, 9) == []


def test_close_inside_the_report_leaves_no_timer(setup: Setup) -> None:
    limit = IdleLimit(setup.loop, 3, lambda: limit.close())
    setup.limit.close()
    setup.until(3)
    assert inspection.timers(setup.loop, 9) == []


@pytest.mark.parametrize("wrong", [0, -1, float("nan")])
def test_a_limit_that_is_no_time_is_refused(setup: Setup, wrong: float) -> None:
    with pytest.raises(ValueError, match="seconds above 0"):
        IdleLimit(setup.loop, wrong, int)


def test_an_interrupted_report_does_not_end_the_limit() -> None:
    with scripted() as (loop, _, clock):
        reports: list[float] = []

        def report() -> None:
            reports.append(clock() - 1000)
            if len(reports) == 1:
                raise KeyboardInterrupt

        limit = IdleLimit(loop, 10, report)
        loop.call_later(25, limit.close)
        with pytest.raises(KeyboardInterrupt):
            loop.run()
        loop.run()
        assert reports == [10, 20]
