"""The plain stages of a pass, on a loop without debug mode or a trace, which have their own."""

from collections.abc import Iterator

import pytest

from miniloop import EventLoop
from miniloop.readiness import READ, WRITE
from miniloop.testing import FakeClock, ScriptedSelector
from tests.doubles import FakeChannel, fail


@pytest.fixture
def selector() -> ScriptedSelector:
    return ScriptedSelector(FakeClock())


@pytest.fixture
def loop(selector: ScriptedSelector) -> Iterator[EventLoop]:
    with EventLoop(selector=selector) as loop:
        loop.run_once(0)
        selector.timeouts.clear()
        yield loop


def test_what_is_queued_while_refreshing_does_not_let_it_sleep(
    loop: EventLoop, selector: ScriptedSelector
) -> None:
    channel = FakeChannel()
    registration = channel.join(loop)
    channel.on["flush"] = lambda: loop.flush_soon(channel)
    loop.flush_soon(channel)
    loop.run_once()
    assert selector.timeouts == [0]
    channel.on.clear()
    loop.run_once(0)
    selector.timeouts.clear()
    channel.on["interest"] = lambda: loop.registry.interest_changed(registration)
    loop.registry.interest_changed(registration)
    loop.run_once()
    assert selector.timeouts == [0]
    assert channel.calls == ["flush", "flush"]


def test_dead_and_unwilling_registrations_get_nothing(
    loop: EventLoop, selector: ScriptedSelector
) -> None:
    one, closed, paused = (FakeChannel(fd=fd, wants=READ | WRITE) for fd in (7, 8, 9))
    for channel in (one, closed, paused):
        channel.join(loop)
    loop.run_once(0)

    def disturb() -> None:
        closed.close()
        paused.want(0)

    one.on["read"] = disturb
    selector.script((7, READ), (8, READ), (9, READ), (8, READ | WRITE), (9, WRITE))
    loop.run_once()
    assert [each.calls for each in (one, closed, paused)] == [["read"], ["close"], []]


@pytest.mark.parametrize("bad", ["read", "write", "flush"])
def test_an_exception_ends_its_channel_only(
    loop: EventLoop, selector: ScriptedSelector, bad: str
) -> None:
    broken, good = FakeChannel(fd=7, wants=READ | WRITE), FakeChannel(fd=8)
    broken.join(loop)
    good.join(loop)
    loop.run_once(0)
    broken.on[bad] = fail
    loop.flush_soon(broken)
    loop.flush_soon(good)
    selector.script((7, READ | WRITE), (8, READ))
    loop.run_once()
    assert broken.calls[-2:] == ["error", "close"]
    assert good.calls == ["flush", "read"]
