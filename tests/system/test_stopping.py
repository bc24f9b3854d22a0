"""An orderly end, step by step; the test makes the passes in between, as run() or a host does."""

import logging
from collections.abc import Callable, Iterator

import pytest

from miniloop import EventLoop
from miniloop.system.stopping import end_in_order
from miniloop.testing import FakeClock
from miniloop.trace import inspection
from tests.doubles import FakeChannel, Sees, fail, scripted

GRACE = 5.0


class Channel(FakeChannel):
    """Has output as long as the test says so."""

    def __init__(self, sees: Sees, name: str) -> None:
        super().__init__(name)
        self.sees = sees

    def _called(self, name: str) -> None:
        self.sees.append(f"{name} {self.name}")
        self.on.get(name, int)()


class Setup:
    def __init__(self, loop: EventLoop, clock: FakeClock) -> None:
        self.loop = loop
        self.clock = clock
        self.sees = Sees()

    def channel(self, name: str) -> Channel:
        channel = Channel(self.sees, name)
        channel.join(self.loop)
        return channel

    def end(self) -> Iterator[None]:
        return end_in_order(self.loop, GRACE)


@pytest.fixture
def setup() -> Iterator[Setup]:
    with scripted() as (loop, _, clock):
        yield Setup(loop, clock)


def make_passes(setup: Setup, steps: Iterator[None], each: Callable[[], object] = int) -> int:
    """Go through all steps with a pass between them; return how many there were."""
    count = 0
    for _ in steps:
        count += 1
        each()
        setup.loop.run_once(0)
        assert count < 50
    return count


def test_without_output_it_needs_no_pass(setup: Setup) -> None:
    setup.channel("1")
    setup.loop.on_stop(setup.sees.note("goodbye"))
    assert make_passes(setup, setup.end()) == 0
    assert setup.sees == ["stop 1", "goodbye", "close 1"]
    assert inspection.timers(setup.loop, 9) == []


def test_output_that_needs_no_waiting_is_flushed_without_a_pass(setup: Setup) -> None:
    channel = setup.channel("1")
    channel.queued = True
    channel.on["flush"] = lambda: setattr(channel, "queued", False)
    setup.loop.on_stop(setup.loop.flush_soon, channel)
    assert make_passes(setup, setup.end()) == 0
    assert setup.sees == ["stop 1", "flush 1", "close 1"]


def test_output_that_the_passes_queue_is_flushed_before_it_is_looked_at(setup: Setup) -> None:
    channel = setup.channel("1")
    channel.queued = True
    channel.on["flush"] = lambda: setattr(channel, "queued", False)
    setup.loop.on_stop(setup.loop.call_soon, setup.loop.flush_soon, channel)
    assert make_passes(setup, setup.end()) == 1
    assert setup.sees == ["stop 1", "flush 1", "close 1"]


def test_a_slow_reader_is_waited_for_and_the_others_stay_open(setup: Setup) -> None:
    slow, other = setup.channel("slow"), setup.channel("other")
    slow.queued = True
    steps = iter([None, None, None])

    def read_in_the_end() -> None:
        if next(steps, "done") == "done":
            slow.queued = False

    assert make_passes(setup, setup.end(), read_in_the_end) == 4
    assert setup.sees == ["stop slow", "stop other", "close slow", "close other"]
    assert other.calls == []


def test_the_grace_is_not_exceeded(setup: Setup) -> None:
    stuck = setup.channel("stuck")
    stuck.queued = True
    make_passes(setup, setup.end(), lambda: setup.clock.advance(1))
    assert setup.clock() == 1000 + GRACE
    assert setup.sees == ["stop stuck", "close stuck"]


def test_what_fails_to_stop_is_closed_and_hinders_no_other(
    setup: Setup, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = setup.channel("1"), setup.channel("2")
    first.on["stop"] = fail
    setup.loop.on_stop(fail)
    setup.loop.on_stop(setup.sees.note("goodbye"))
    with caplog.at_level(logging.ERROR):
        make_passes(setup, setup.end())
    assert setup.sees == ["stop 1", "error 1", "close 1", "stop 2", "goodbye", "close 2"]
    assert second.calls == []
    assert caplog.text.count("ValueError: on purpose") == 1


def test_a_channel_that_another_one_closes_is_not_stopped(setup: Setup) -> None:
    first, second = setup.channel("1"), setup.channel("2")
    first.on["stop"] = second.close
    make_passes(setup, setup.end())
    assert setup.sees == ["stop 1", "close 2", "close 1"]


def test_a_callback_may_add_another_that_waits_for_the_next_stop(setup: Setup) -> None:
    setup.loop.on_stop(setup.loop.on_stop, setup.sees.note("next"))
    make_passes(setup, setup.end())
    assert setup.sees == []
    make_passes(setup, setup.end())
    assert setup.sees == ["next"]


def test_a_cancelled_callback_is_not_called(setup: Setup) -> None:
    setup.loop.on_stop(setup.sees.note("never")).cancel()
    make_passes(setup, setup.end())
    assert setup.sees == []


def test_an_end_that_is_broken_off_leaves_no_timer(setup: Setup) -> None:
    setup.channel("stuck").queued = True
    steps = setup.end()
    next(steps)
    assert len(inspection.timers(setup.loop, 9)) == 1
    steps.close()  # type: ignore[attr-defined]  # it is a generator
    assert inspection.timers(setup.loop, 9) == []
    assert setup.sees == ["stop stuck"]
