"""One pass, its order, and what cannot stop it; a fake clock, a scripted selector, no waiting."""

import logging

import pytest

from miniloop import EventLoop, Trace
from miniloop.readiness import READ, WRITE, Registration
from miniloop.testing import FakeClock, ScriptedSelector
from miniloop.trace import install
from tests.doubles import FakeChannel, Sees, fail, scripted


def test_order_of_the_stages() -> None:
    sees = Sees()

    class Tells(Trace):
        def before_wait(self, timeout: float | None) -> None:
            sees.append("wait")

    with scripted() as (loop, selector, clock):
        channel = FakeChannel(fd=7)
        channel.join(loop)
        loop.run_once(0)
        install(loop, Tells())
        for name in ("flush", "interest", "read"):
            channel.on[name] = sees.note(name)
        loop.flush_soon(channel)
        channel.want(READ)
        loop.call_at(clock(), sees.note("timer"))
        loop.call_soon(sees.note("callback"))
        selector.script((7, READ))
        loop.debug = False
        loop.run_once()
    assert sees == ["flush", "interest", "wait", "read", "timer", "callback"]


def test_callbacks_run_in_batches() -> None:
    sees = Sees()
    with scripted() as (loop, _, clock):
        loop.call_soon(lambda: loop.call_soon(sees.note("second")))
        loop.call_soon(sees.note("first"))
        loop.call_later(0, lambda: loop.call_later(0, sees.note("timer")))
        loop.run_once()
        assert sees == ["first"]
        loop.run_once()
        assert sees == ["first", "timer", "second"]
        assert clock() == 1000


def test_what_is_queued_while_refreshing_waits_for_the_next_pass() -> None:
    with scripted() as (loop, selector, _):
        channel = FakeChannel()
        registration = channel.join(loop)
        channel.on["flush"] = lambda: loop.flush_soon(channel)
        channel.on["interest"] = lambda: loop.registry.interest_changed(registration)
        loop.flush_soon(channel)
        loop.run_once()
        loop.run_once()
        assert channel.calls == ["flush", "flush"]
        assert selector.timeouts == [0, 0]


def test_waits_for_the_next_timer() -> None:
    sees = Sees()
    with scripted() as (loop, selector, clock):
        loop.run_once(0)
        loop.call_later(5, sees.note("late"))
        loop.call_at(clock() + 2, sees.note("early"))
        loop.run_once(1)
        loop.run_once()
        assert sees == ["early"]
        assert clock() == 1002
        loop.run_once(100)
        assert sees == ["early", "late"]
        assert selector.timeouts == [0, 1, 1, 3]


def test_timer_that_is_late_already() -> None:
    sees = Sees()
    with scripted() as (loop, selector, clock):
        loop.run_once(0)
        loop.call_at(clock() - 5, sees.note("at once"))
        loop.run_once()
        assert sees == ["at once"]
        assert selector.timeouts[-1] == 0


@pytest.mark.parametrize("seconds", [1e8, float("inf")])
def test_timer_that_is_years_away(loop: EventLoop, seconds: float) -> None:
    """epoll and poll refuse a wait of more than 24 days with an OverflowError."""
    loop.call_later(seconds, fail)
    loop.run_once(0)
    loop.call_soon_threadsafe(int)
    loop.run_once()


def test_timer_cancels_another_that_is_due() -> None:
    sees = Sees()
    with scripted() as (loop, _, _):
        loop.call_later(0, lambda: second.cancel())
        second = loop.call_later(0, sees.note("second"))
        loop.run_once(0)
    assert sees == []


@pytest.mark.parametrize("seconds", [3e6, 1e30, float("inf")])
def test_wait_that_takes_years(loop: EventLoop, seconds: float) -> None:
    loop.call_soon_threadsafe(int)
    loop.run_once(seconds)
    loop._waker.wake()
    loop.run_once(seconds)


def test_the_longest_wait_is_a_day() -> None:
    with scripted() as (loop, selector, _):
        loop.run_once(0)
        loop.run_once(1e9)
        timer = loop.call_later(1e9, fail)
        loop.run_once()
        timer.cancel()
        assert selector.timeouts == [0, 86400, 86400]


def test_cancelled_ones_do_not_run() -> None:
    with scripted() as (loop, selector, _):
        loop.run_once(0)
        selector.timeouts.clear()
        timer = loop.call_later(0, fail)
        loop.call_soon(fail).cancel()
        timer.cancel()
        loop.run_once(0)
        loop.run_once(7)
        assert selector.timeouts == [0, 7]  # and nothing waits for them


@pytest.mark.parametrize("trace", [None, Trace()])
@pytest.mark.parametrize("ready", [READ, READ | WRITE])
def test_dead_registration_is_not_delivered(trace: Trace | None, ready: int) -> None:
    with scripted() as (loop, selector, _):
        if trace is not None:
            install(loop, trace)
        killer, victim = FakeChannel(fd=7, wants=READ), FakeChannel(fd=8, wants=READ | WRITE)
        killer.join(loop)
        victim.join(loop)
        killer.on["read"] = victim.close
        loop.run_once(0)
        selector.script((7, READ), (8, ready))
        loop.run_once()
        assert killer.calls == ["read"]
        assert victim.calls == ["close"]


def test_dead_registration_is_not_asked() -> None:
    with scripted() as (loop, _, _):
        channel = FakeChannel()
        registration = channel.join(loop)
        channel.close()
        loop.registry.interest_changed(registration)
        loop.run_once(0)
        assert channel.calls == ["close"]


@pytest.mark.parametrize("ready", [READ, READ | WRITE])
def test_withdrawn_interest_is_not_delivered(ready: int) -> None:
    with scripted() as (loop, selector, _):
        one, other = FakeChannel(fd=7), FakeChannel(fd=8, wants=READ | WRITE)
        one.join(loop)
        other.join(loop)
        one.on["read"] = lambda: other.want(0)
        loop.run_once(0)
        selector.script((7, READ), (8, ready))
        loop.run_once()
        assert other.calls == []


def test_descriptor_reused_within_a_batch() -> None:
    with scripted() as (loop, selector, _):
        one, old, new = FakeChannel(fd=7), FakeChannel(fd=8), FakeChannel(fd=8)
        one.join(loop)
        old.join(loop)

        def replace() -> None:
            old.close()
            new.join(loop)

        one.on["read"] = replace
        loop.run_once(0)
        selector.script((7, READ), (8, READ))
        loop.run_once()
        assert new.calls == []
        selector.script((8, READ))
        loop.run_once()
        assert new.calls == ["read"]


def test_asked_channel_is_asked_at_delivery() -> None:
    with scripted() as (loop, selector, _):
        channel = FakeChannel(fd=7)
        channel.join(loop, polled=True)
        loop.run_once(0)
        selector.script((7, READ))
        loop.run_once()
        assert channel.calls == ["read"]
        selector.script((7, WRITE))
        loop.run_once()
        assert channel.calls == ["read"]


@pytest.mark.parametrize("trace", [None, Trace()])
@pytest.mark.parametrize("extra", [(), ("error",), ("close",), ("error", "close")])
@pytest.mark.parametrize("bad", ["read", "write", "flush", "interest"])
def test_exception_ends_its_channel_only(
    bad: str, extra: tuple[str, ...], trace: Trace | None
) -> None:
    with scripted() as (loop, selector, _):
        if trace is not None:
            install(loop, trace)
        broken, good = FakeChannel(fd=7, wants=READ | WRITE), FakeChannel(fd=8)
        registration = broken.join(loop)
        good.join(loop)
        loop.run_once(0)
        for name in (bad, *extra):
            broken.on[name] = fail
        loop.flush_soon(broken)
        loop.registry.interest_changed(registration)
        loop.flush_soon(good)
        selector.script((7, READ | WRITE), (8, READ))
        loop.run_once()
        assert broken.calls[-2:] == ["error", "close"]
        assert not registration.alive
        assert good.calls == ["flush", "read"]


def test_exception_in_callback_and_timer(caplog: pytest.LogCaptureFixture) -> None:
    sees = Sees()
    with scripted() as (loop, _, _):
        for schedule in (loop.call_soon, lambda callback: loop.call_later(0, callback)):
            schedule(fail)
            schedule(sees.note("next"))
        loop.run_once()
    assert sees == ["next", "next"]
    assert [record.exc_info is not None for record in caplog.records] == [True, True]


def test_debug_mode_raises_on_a_silent_change() -> None:
    with scripted() as (loop, _, _):
        channel = FakeChannel()
        channel.join(loop)
        loop.run_once(0)
        channel.wants = WRITE
        with pytest.raises(RuntimeError, match="interest_changed"):
            loop.run_once(0)
        loop.debug = False
        loop.run_once(0)


def test_trace_is_told() -> None:
    sees: list[object] = []

    class Tells(Trace):
        def before_wait(self, timeout: float | None) -> None:
            sees.append(timeout)

        def after_wait(self, count: int) -> None:
            sees.append(count)

        def before_delivery(self, registration: Registration, ready: int) -> None:
            sees.append((registration.fd, ready))

        def after_delivery(self, registration: Registration) -> None:
            sees.append(registration.alive)

    clock = FakeClock()
    selector = ScriptedSelector(clock)
    with EventLoop(selector=selector, clock=clock, debug=True) as loop:
        install(loop, Tells())
        channel = FakeChannel(fd=7)
        channel.on["read"] = channel.close
        channel.join(loop)
        loop.run_once(1)
        selector.script((7, READ))
        loop.run_once(2)
    assert sees == [1, 0, 2, 1, (7, READ), False]


def test_logger_is_the_packages() -> None:
    assert logging.getLogger("miniloop").handlers == []
