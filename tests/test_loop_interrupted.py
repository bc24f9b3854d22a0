"""What is still to be done stays to be done when an exception passes through the loop.

KeyboardInterrupt, SystemExit, GeneratorExit and asyncio's CancelledError pass: no channel ends by
them. The promise, for each list of work that the loop has: the item that raised had its turn, or
has it again, and all the others have theirs in the next pass.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from miniloop import EventLoop, Trace
from miniloop.readiness import READ, WRITE
from miniloop.testing import FakeClock, ScriptedSelector
from miniloop.trace import install
from tests.doubles import FakeChannel, Sees, scripted

PASSING = [KeyboardInterrupt, SystemExit, GeneratorExit, asyncio.CancelledError]


def raising(error: type[BaseException]) -> Callable[[], None]:
    def handler() -> None:
        raise error

    return handler


@contextmanager
def loops(kind: str) -> Iterator[tuple[EventLoop, ScriptedSelector, FakeClock]]:
    """A plain loop, or one with hooks installed, which has the same stages once more."""
    with scripted() as (loop, selector, clock):
        if kind == "plain":
            loop = EventLoop(selector=selector, clock=clock)
        else:
            install(loop, Trace())
        with loop:
            yield loop, selector, clock


KINDS = pytest.mark.parametrize("kind", ["plain", "traced"])


@KINDS
@pytest.mark.parametrize("error", PASSING)
def test_flushes(kind: str, error: type[BaseException]) -> None:
    with loops(kind) as (loop, _, _):
        channels = [FakeChannel() for _ in range(3)]
        for channel in channels:
            channel.join(loop)
            loop.flush_soon(channel)
        queued, late = FakeChannel(), FakeChannel()
        queued.join(loop)
        channels[0].on["flush"] = lambda: loop.flush_soon(queued)
        channels[1].on["flush"] = raising(error)
        with pytest.raises(error):
            loop.run_once(0)
        channels[1].on.clear()
        late.join(loop)
        loop.flush_soon(late)
        loop.run_once(0)
        calls = [channel.calls for channel in (*channels, queued, late)]
        assert calls == [["flush"], ["flush", "flush"], ["flush"], ["flush"], ["flush"]]


@KINDS
def test_flushes_behind_a_handle_error(kind: str) -> None:
    with loops(kind) as (loop, _, _):
        bad, good = FakeChannel(), FakeChannel()
        for channel in (bad, good):
            channel.join(loop)
            loop.flush_soon(channel)
        bad.on["flush"] = raising(ValueError)
        bad.on["error"] = raising(KeyboardInterrupt)
        with pytest.raises(KeyboardInterrupt):
            loop.run_once(0)
        assert bad.calls == ["flush", "error", "close"]  # it ends all the same
        bad.on.clear()
        loop.run_once(0)
        assert good.calls == ["flush"]


@KINDS
def test_questions(kind: str) -> None:
    with loops(kind) as (loop, selector, _):
        channels = [FakeChannel(fd=fd) for fd in (7, 8, 9)]
        for channel in channels:
            channel.join(loop)
        channels[1].on["interest"] = raising(SystemExit)
        with pytest.raises(SystemExit):
            loop.run_once(0)
        channels[1].on.clear()
        selector.script((7, READ), (8, READ), (9, READ))
        loop.run_once()
        loop.run_once(0)
        assert [channel.calls for channel in channels] == [["read"]] * 3


@KINDS
def test_timers_and_callbacks(kind: str) -> None:
    sees = Sees()
    with loops(kind) as (loop, selector, clock):
        loop.call_soon(sees.note("first callback"))
        loop.call_soon(raising(KeyboardInterrupt))
        loop.call_soon(sees.note("last callback"))
        loop.call_later(1, sees.note("first timer"))
        loop.call_later(1, raising(SystemExit))
        loop.call_later(1, sees.note("last timer"))
        later = loop.call_later(1, sees.note("cancelled"))
        clock.advance(1)
        with pytest.raises(SystemExit):
            loop.run_once(0)
        later.cancel()
        with pytest.raises(KeyboardInterrupt):
            loop.run_once()
        loop.run_once()
        loop.call_soon(sees.note("and on"))
        loop.run_once()
        assert selector.timeouts == [0] * 4
    assert sees == ["first timer", "last timer", "first callback", "last callback", "and on"]


@KINDS
def test_events(kind: str) -> None:
    """Those behind the one that raised are reported by the kernel again."""
    with loops(kind) as (loop, selector, _):
        one, other = FakeChannel(fd=7, wants=READ | WRITE), FakeChannel(fd=8)
        one.join(loop)
        other.join(loop)
        one.on["write"] = raising(GeneratorExit)
        for _ in range(2):
            selector.script((7, READ | WRITE), (8, READ))
        with pytest.raises(GeneratorExit):
            loop.run_once()
        one.on.clear()
        loop.run_once()
        assert one.calls == ["read", "write"] * 2
        assert other.calls == ["read"]


def test_run_may_be_called_again() -> None:
    sees = Sees()
    with scripted() as (loop, _, _):
        loop.call_soon(raising(KeyboardInterrupt))
        loop.call_soon(sees.note("after it"))
        with pytest.raises(KeyboardInterrupt):
            loop.run()
        loop.run()
    assert sees == ["after it"]


def test_an_orderly_stop_that_is_interrupted_leaves_no_timer_behind() -> None:
    """Its limit would close every channel of a later run()."""
    sees = Sees()
    with scripted() as (loop, _, clock):
        slow = FakeChannel()
        slow.queued = True
        slow.join(loop)
        loop.on_stop(sees.note("first goodbye"))
        loop.on_stop(raising(KeyboardInterrupt))
        loop.on_stop(sees.note("last goodbye"))
        for grace in (3, 4):
            loop.stop(grace)
            if grace == 3:
                with pytest.raises(KeyboardInterrupt):
                    loop.run()
                slow.on["flush"] = raising(SystemExit)
                loop.flush_soon(slow)
            else:
                with pytest.raises(SystemExit):
                    loop.run()
        slow.on.clear()
        clock.advance(100)
        loop.run_once(0)
        assert slow.registration is not None
        assert slow.registration.alive
    assert sees == ["first goodbye", "last goodbye"]
