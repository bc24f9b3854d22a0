"""Callbacks and timers by themselves: a Scheduler needs no loop around it."""

from collections.abc import Iterator
from threading import Thread

import pytest

from miniloop.scheduler import Scheduler
from miniloop.testing import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def scheduler(clock: FakeClock) -> Iterator[Scheduler]:
    scheduler = Scheduler(clock)
    yield scheduler
    scheduler._waker.close()


def test_callbacks_run_in_order_and_only_those_that_stood_there(scheduler: Scheduler) -> None:
    seen: list[str] = []
    scheduler.call_soon(seen.append, "first")
    scheduler.call_soon(lambda: scheduler.call_soon(seen.append, "next pass"))
    scheduler.call_soon(seen.append, "second").cancel()
    scheduler._run_callbacks()
    assert seen == ["first"]
    scheduler._run_callbacks()
    assert seen == ["first", "next pass"]


def test_timers_run_when_due(scheduler: Scheduler, clock: FakeClock) -> None:
    seen: list[str] = []
    scheduler.call_later(2, seen.append, "later")
    scheduler.call_at(clock() + 1, seen.append, "sooner")
    scheduler._run_timers()
    assert seen == []
    clock.advance(2)
    scheduler._run_timers()
    assert seen == ["sooner", "later"]


def test_the_wait_ends_with_the_next_timer(scheduler: Scheduler, clock: FakeClock) -> None:
    assert scheduler._until_next_timer(None) is None
    timer = scheduler.call_later(3, print)
    assert scheduler._until_next_timer(None) == 3
    assert scheduler._until_next_timer(1) == 1
    clock.advance(5)
    assert scheduler._until_next_timer(None) == 0
    timer.cancel()
    assert scheduler._until_next_timer(7) == 7


def test_an_exception_is_logged_and_hurts_nobody(
    scheduler: Scheduler, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[str] = []
    scheduler.call_soon(lambda: 1 / 0)
    scheduler.call_soon(seen.append, "after it")
    scheduler._run_callbacks()
    assert seen == ["after it"]
    assert "ZeroDivisionError" in caplog.text


def test_a_callback_from_another_thread_wakes(scheduler: Scheduler) -> None:
    seen: list[str] = []
    thread = Thread(target=scheduler.call_soon_threadsafe, args=(seen.append, "called"))
    thread.start()
    thread.join()
    assert scheduler._waker._pending
    scheduler._run_callbacks()
    assert seen == ["called"]


@pytest.mark.parametrize("method", ["call_soon", "call_soon_threadsafe"])
def test_what_cannot_be_called_is_refused(scheduler: Scheduler, method: str) -> None:
    with pytest.raises(TypeError, match="pass the function itself"):
        getattr(scheduler, method)("print")


def test_a_closed_scheduler_refuses(scheduler: Scheduler) -> None:
    scheduler._closed = True
    with pytest.raises(RuntimeError, match="closed"):
        scheduler.call_soon(print)
    with pytest.raises(RuntimeError, match="closed"):
        scheduler.call_soon_threadsafe(print)
    with pytest.raises(RuntimeError, match="closed"):
        scheduler.call_later(1, print)


def test_another_thread_is_refused(scheduler: Scheduler) -> None:
    scheduler._thread = -1
    with pytest.raises(RuntimeError, match="call_soon_threadsafe"):
        scheduler.call_soon(print)
    scheduler.call_soon_threadsafe(print)
