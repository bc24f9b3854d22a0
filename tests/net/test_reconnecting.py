"""Connecting again: when, how often, and until when.  No sockets: channels just live and die."""

import logging
from typing import Any, cast

import pytest

from miniloop import Dispatcher, EventLoop, Reconnecting
from miniloop.testing import FakeClock
from miniloop.trace import inspection
from tests.doubles import scripted

LONGEST_PAUSE = 8.0


class Setup:
    """Notes when a channel was made; chance always takes its upper limit."""

    def __init__(self, loop: EventLoop, clock: FakeClock) -> None:
        self.loop = loop
        self.clock = clock
        self.made: list[float] = []
        self.limits: list[tuple[float, float]] = []
        loop.run_once(0)

    def factory(self, loop: EventLoop) -> Dispatcher:
        self.made.append(self.clock() - 1000)
        return Dispatcher(loop)

    def uniform(self, low: float, high: float) -> float:
        self.limits.append((low, high))
        return high

    def begin(self, lasting: float = 10.0) -> Reconnecting[Dispatcher]:
        again = Reconnecting(
            self.loop,
            self.factory,
            first=1,
            longest=LONGEST_PAUSE,
            lasting=lasting,
            uniform=self.uniform,
        )
        assert self.made == []  # nothing is called from inside a constructor
        self.loop.run_once()
        return again

    def lose(self, again: Reconnecting[Dispatcher]) -> None:
        """Lose the channel, and go on until there is another."""
        assert again.channel is not None
        count = len(self.made)
        again.channel.close()
        while len(self.made) == count:
            self.loop.run_once()


def test_the_pause_doubles_up_to_the_longest() -> None:
    with scripted() as (loop, _, clock):
        setup = Setup(loop, clock)
        again = setup.begin()
        for _ in range(6):
            setup.lose(again)
        assert setup.limits == [(0, 1), (0, 2), (0, 4), (0, 8), (0, 8), (0, 8)]
        assert setup.made == [0, 1, 3, 7, 15, 23, 31]


def test_the_pause_is_random_by_default() -> None:
    with scripted() as (loop, _, clock):
        setup = Setup(loop, clock)
        again = Reconnecting(loop, setup.factory, first=5, longest=5)
        loop.run_once()
        for _ in range(8):
            setup.lose(again)
        pauses = [after - before for before, after in zip(setup.made, setup.made[1:], strict=False)]
        assert all(0 <= pause <= 5 for pause in pauses)
        assert len(set(pauses)) == 8


def test_a_connection_that_lasted_makes_the_next_pause_a_first_one() -> None:
    with scripted() as (loop, _, clock):
        setup = Setup(loop, clock)
        again = setup.begin(lasting=10)
        setup.lose(again)
        setup.lose(again)
        assert again.channel is not None
        again.channel.connected = True
        loop.run_once()
        assert clock() == 1000 + 1 + 2 + 10
        setup.lose(again)
        assert [high for _, high in setup.limits] == [1, 2, 1]


def test_one_that_still_connects_has_not_lasted() -> None:
    with scripted() as (loop, _, clock):
        setup = Setup(loop, clock)
        again = setup.begin(lasting=10)
        setup.lose(again)
        loop.run_once()
        loop.run_once()
        assert clock() == 1021
        setup.lose(again)
        assert [high for _, high in setup.limits] == [1, 2]
        assert again.channel is not None
        loop.run_once()
        again.channel.connected = True
        loop.run_once()  # seen at the next look
        setup.lose(again)
        assert [high for _, high in setup.limits] == [1, 2, 1]


def test_one_that_was_lost_early_has_not_lasted() -> None:
    with scripted() as (loop, _, clock):
        setup = Setup(loop, clock)
        again = setup.begin(lasting=10)
        for _ in range(3):
            assert again.channel is not None
            again.channel.connected = True
            clock.advance(9)
            setup.lose(again)
        assert [high for _, high in setup.limits] == [1, 2, 4]


def test_an_exception_in_the_factory_counts_as_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    with scripted() as (loop, _, clock):
        setup = Setup(loop, clock)

        def factory(loop: EventLoop) -> Dispatcher:
            if len(setup.made) < 2:
                setup.factory(loop)
                raise OSError("no descriptors")
            return setup.factory(loop)

        again = Reconnecting(loop, factory, first=1, uniform=setup.uniform)
        while again.channel is None:
            loop.run_once()
        assert setup.made == [0, 1, 3]
        assert caplog.text.count("OSError: no descriptors") == 2


def test_a_channel_that_is_closed_when_it_is_made_is_a_failure_too() -> None:
    with scripted() as (loop, _, clock):
        setup = Setup(loop, clock)

        def factory(loop: EventLoop) -> Dispatcher:
            channel = setup.factory(loop)
            channel.close()
            return channel

        Reconnecting(loop, factory, first=1, uniform=setup.uniform)
        while len(setup.made) < 4:
            loop.run_once()
        assert setup.made == [0, 1, 3, 7]


@pytest.mark.parametrize("when", ["before the first", "connected", "in a pause", "closed"])
def test_close_is_the_end(when: str) -> None:
    with scripted() as (loop, _, clock):
        setup = Setup(loop, clock)
        again = Reconnecting(loop, setup.factory)
        if when != "before the first":
            loop.run_once()
        channel = again.channel
        if when == "in a pause":
            assert channel is not None
            channel.close()
            loop.run_once()
            assert again.channel is None
        if when == "closed":
            again.close()
        again.close()
        loop.run()  # there is nothing left to wait for
        assert again.closed
        assert channel is None or channel.closed
        assert again.channel is None
        assert len(setup.made) == (when != "before the first")
        assert inspection.timers(loop, 9) == []


def test_the_factory_may_close_it() -> None:
    with scripted() as (loop, _, clock):
        setup = Setup(loop, clock)
        made: list[Dispatcher] = []

        def factory(loop: EventLoop) -> Dispatcher:
            again.close()
            made.append(setup.factory(loop))
            return made[0]

        again = Reconnecting(loop, factory)
        loop.run()
        assert setup.made == [0]
        assert made[0].closed


@pytest.mark.parametrize("how", ["stop", "close"])
def test_it_ends_with_the_loop(how: str) -> None:
    with scripted() as (loop, _, clock):
        setup = Setup(loop, clock)
        again = setup.begin()
        channel = again.channel
        assert channel is not None
        if how == "stop":
            loop.on_stop(channel.close)  # closed in the course of the stop: no reason to go on
            loop.stop()
            loop.run()
            loop.run()
        loop.close()
        assert again.closed
        assert channel.closed
        assert setup.made == [0]


def test_a_stop_in_a_pause_ends_it() -> None:
    with scripted() as (loop, _, clock):
        setup = Setup(loop, clock)
        again = setup.begin()
        assert again.channel is not None
        again.channel.close()
        loop.run_once()
        loop.stop()
        loop.run()
        loop.run()
        assert setup.made == [0]


def test_run_goes_on_in_a_pause() -> None:
    with scripted() as (loop, _, clock):
        setup = Setup(loop, clock)
        again = setup.begin()
        assert again.channel is not None
        again.channel.close()
        assert not again.busy()  # its timer keeps run() going
        loop.call_later(0.5, loop.call_later, 10, again.close)
        loop.run()
        assert setup.made == [0, 1]


def test_the_pause_is_said(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with scripted() as (loop, _, clock):
        setup = Setup(loop, clock)
        setup.lose(setup.begin())
        assert "connecting again in 1.0 seconds" in caplog.text


def test_mistakes_are_told(loop: EventLoop) -> None:
    for first, longest, lasting in ((0, 1, 1), (2, 1, 1), (1, 2, 0), (float("nan"), 1, 1)):
        with pytest.raises(ValueError, match="0 < first <= longest"):
            Reconnecting(loop, Dispatcher, first=first, longest=longest, lasting=lasting)
    Reconnecting(loop, Dispatcher, first=0.1, longest=0.1, lasting=0.1).close()
    with pytest.raises(TypeError, match=r"called as factory\(loop\)"):
        Reconnecting(loop, cast(Any, None))
    assert not any(work.busy() for work in loop.background)
    loop.close()
    with pytest.raises(RuntimeError, match="the loop is closed"):
        Reconnecting(loop, Dispatcher)


def test_an_interrupted_factory_is_called_again() -> None:
    with scripted() as (loop, _, clock):
        setup = Setup(loop, clock)

        def interrupted(loop: EventLoop) -> Dispatcher:
            if setup.factory(loop) and len(setup.made) == 1:
                raise KeyboardInterrupt
            loop.stop()
            return Dispatcher(loop)

        Reconnecting(loop, interrupted, first=1, uniform=setup.uniform)
        with pytest.raises(KeyboardInterrupt):
            loop.run()
        loop.run()
        assert setup.made == [0, 1]
