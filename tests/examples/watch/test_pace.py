"""A thread is held, and let go."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from examples.watch.pace import LONGEST, PAUSE, RUN, SHORTEST, SLOW, Pace

PATIENCE = 10.0


class Walker:
    """A thread that stops at every second line of a pass of three."""

    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self.stops = 0
        self.arrived = threading.Condition()
        self.thread = threading.Thread(target=self.walk, daemon=True)
        self.over = False

    def walk(self) -> None:
        while not self.over and self.stops < 10_000:
            with self.arrived:
                self.stops += 1
                self.arrived.notify_all()
            self.pace.stop_here(pass_begins=self.stops % 3 == 0)

    def until(self, stops: int) -> None:
        with self.arrived:
            assert self.arrived.wait_for(lambda: self.stops >= stops, PATIENCE)

    def until_held(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while self.pace._held_since is None:
            assert time.monotonic() < deadline


@pytest.fixture
def walker() -> Iterator[Walker]:
    walker = Walker(Pace())
    walker.pace.set_mode(PAUSE)
    walker.thread.start()
    walker.until(1)
    yield walker
    walker.over = True
    walker.pace.release()
    walker.thread.join(PATIENCE)
    assert not walker.thread.is_alive()


def test_a_step_leads_to_the_next_stop(walker: Walker) -> None:
    for stops in (2, 3, 4):
        walker.pace.step()
        walker.until(stops)
    assert walker.stops == 4


def test_a_pass_leads_to_where_the_next_one_begins(walker: Walker) -> None:
    walker.pace.step_pass()
    walker.until(3)
    walker.pace.step()
    walker.until(4)
    walker.pace.step_pass()
    walker.until(6)
    walker.pace.step()
    walker.until(7)
    assert walker.stops == 7


def test_running_stops_nowhere(walker: Walker) -> None:
    walker.pace.set_mode(RUN)
    walker.until(10_000)


def test_slow_motion_goes_on_by_itself(walker: Walker) -> None:
    walker.pace.set_delay(SHORTEST)
    begun = time.monotonic()
    walker.pace.set_mode(SLOW)
    walker.until(4)
    assert time.monotonic() - begun >= 2 * SHORTEST
    assert time.monotonic() - walker.pace.clock() >= 2 * SHORTEST


def test_the_clock_stands_while_the_thread_does(walker: Walker) -> None:
    clock = walker.pace.clock
    walker.until_held()
    assert clock() == clock()
    before = clock()
    walker.pace.step()
    walker.until(2)
    walker.until_held()
    assert before <= clock() < before + PATIENCE


@pytest.mark.parametrize("step", [Pace.step, Pace.step_pass])
def test_a_step_of_a_running_loop_pauses_it(step: object) -> None:
    pace = Pace()
    getattr(pace, step.__name__)()  # type: ignore[attr-defined]  # a function has one
    assert pace.mode == PAUSE
    assert not pace._steps
    assert not pace._to_next_pass


def test_steps_do_not_add_up(walker: Walker) -> None:
    walker.pace.step()
    walker.pace.step()
    walker.until(2)
    assert walker.pace._steps <= 1


def test_a_mode_forgets_steps(walker: Walker) -> None:
    walker.pace._steps = 1
    walker.pace.set_mode(PAUSE)
    assert walker.pace._steps == 0


@pytest.mark.parametrize("mode", ["", "fast", "RUN"])
def test_no_such_mode(mode: str) -> None:
    with pytest.raises(ValueError, match="the mode is one of run, slow, pause"):
        Pace().set_mode(mode)


@pytest.mark.parametrize("delay", [0.0, -1.0, LONGEST + 1, float("nan"), float("inf")])
def test_no_such_delay(delay: float) -> None:
    with pytest.raises(ValueError, match="the delay is"):
        Pace().set_delay(delay)
