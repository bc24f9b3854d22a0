from __future__ import annotations

import pytest

from examples.chatroom.storage.clock import DAY, FASTEST, SLOWEST, SteadyClock

NOON = 1_700_000_000.0
YEAR = 365 * DAY


class Machine:
    """Both clocks of a machine, and the monotonic one."""

    def __init__(self, last: float = NOON) -> None:
        self.mono = 50.0
        self.wall = NOON
        self.clock = SteadyClock(lambda: self.mono, lambda: self.wall)
        self.clock.begin(last)

    def run(self, seconds: float) -> float:
        self.mono += seconds
        self.wall += seconds
        return self.clock.now()


def test_it_goes_with_a_clock_that_is_right() -> None:
    machine = Machine()
    for _ in range(3):
        assert machine.run(60.0) == pytest.approx(machine.wall)
    assert machine.clock.ahead() == pytest.approx(0.0)


def test_a_history_that_knows_no_time_begins_with_the_machines() -> None:
    assert Machine(last=0.0).clock.now() == NOON


def test_a_clock_that_is_a_year_ahead_for_a_while_hurries_little() -> None:
    machine = Machine()
    machine.wall += YEAR
    assert machine.clock.now() == NOON
    assert machine.run(60.0) == NOON + 60 * FASTEST
    machine.wall -= YEAR
    assert machine.run(1.0) == NOON + 60 * FASTEST + SLOWEST


def test_a_start_with_a_clock_that_is_ahead_changes_nothing_yet() -> None:
    machine = Machine(last=NOON - YEAR)
    assert machine.clock.now() == NOON - YEAR
    assert machine.clock.ahead() == YEAR


def test_an_outage_is_made_up_for() -> None:
    machine = Machine(last=NOON - DAY / 3)
    for _ in range(17):
        machine.run(60.0)
    assert machine.clock.now() == machine.wall


def test_1970_and_then_the_network() -> None:
    machine = Machine()
    machine.wall = 5.0
    assert machine.clock.now() == NOON
    assert machine.run(600.0) == NOON + 600 * SLOWEST
    machine.wall = NOON + 610.0
    assert machine.run(60.0) == NOON + 670.0


def test_it_never_goes_back() -> None:
    machine = Machine()
    machine.wall -= 10.0
    machine.mono -= 10.0
    assert machine.clock.now() == NOON


def test_a_clock_that_is_days_off_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="chatroom")
    machine = Machine(last=NOON - 400 * DAY)
    for _ in range(2):
        machine.clock.check()
    assert caplog.text.count("400.0 days ahead of what the history knew last") == 1
    machine.wall = NOON - 402 * DAY
    machine.clock.check()
    assert "agree" not in caplog.text
    machine.wall = NOON - 400 * DAY
    machine.clock.check()
    assert caplog.text.count("agree again") == 1
    machine.wall -= 3 * DAY
    machine.clock.check()
    assert "3.0 days behind" in caplog.text
