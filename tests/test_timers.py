"""Invariant: due timers come out by time, then by age; a cancelled one never does."""

import gc
import random
import weakref

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniloop.timers import Handle, TimerHandle, TimerQueue


def nothing() -> None:
    """A callback."""


def due(queue: TimerQueue, now: float) -> list[TimerHandle]:
    """Take out the timers that are due, as the loop does."""
    return [queue.due.popleft() for _ in range(queue.move_due(now))]


def test_handle_runs_its_callback() -> None:
    calls: list[tuple[object, ...]] = []
    handle = Handle(lambda *args: calls.append(args), (1, 2))
    handle.run()
    assert calls == [(1, 2)]
    assert not handle.cancelled()
    assert "lambda" in repr(handle)


def test_cancelled_handle_does_nothing_and_holds_nothing() -> None:
    class Big:
        def call(self) -> None:
            raise AssertionError("cancelled")

    big = Big()
    handle = Handle(big.call, (big,))
    seen = weakref.ref(big)
    handle.cancel()
    handle.cancel()
    handle.run()
    del big
    gc.collect()
    assert seen() is None
    assert handle.cancelled()
    assert repr(handle) == "<Handle cancelled>"


class CancelledMeanwhile(Handle):
    """Another thread cancels it while `run()` looks at it."""

    __slots__ = ("asked",)

    @property
    def _args(self) -> tuple[object, ...]:
        self.cancel()
        return (1,)

    @_args.setter
    def _args(self, args: object) -> None:
        pass


def test_cancelled_by_another_thread_while_it_is_to_run() -> None:
    called: list[object] = []
    handle = CancelledMeanwhile(called.append, ())
    handle.run()
    assert (called, handle.cancelled()) == ([], True)


def test_not_callable() -> None:
    with pytest.raises(TypeError, match="is not callable: give a function"):
        Handle(nothing(), ())  # type: ignore[arg-type,func-returns-value]  # on purpose


def test_order_by_time_then_by_age() -> None:
    queue = TimerQueue()
    late, first, second = (queue.add(when, nothing) for when in (2, 1, 1))
    assert queue.next_time() == 1
    assert due(queue, 0.5) == []
    assert due(queue, 1) == [first, second]
    assert due(queue, 5) == [late]
    assert queue.next_time() is None
    assert len(queue) == 0


def test_cancelled_timer_is_skipped() -> None:
    queue = TimerQueue()
    first, second = queue.add(1, nothing), queue.add(2, nothing)
    first.cancel()
    first.cancel()
    assert len(queue) == 1
    assert queue.next_time() == 2
    assert due(queue, 3) == [second]


def test_cancelled_timer_that_is_due_does_not_count_any_more() -> None:
    queue = TimerQueue()
    queue.add(1, nothing).cancel()
    assert due(queue, 1) == []
    queue.add(2, nothing)
    assert len(queue) == 1


def test_late_cancel_does_not_count_in_the_heap() -> None:
    queue = TimerQueue()
    timer, other = queue.add(1, nothing), queue.add(9, nothing)
    due(queue, 1)
    timer.cancel()
    assert len(queue) == 1
    assert due(queue, 9) == [other]


def test_heap_forgets_cancelled_timers_when_they_are_the_majority() -> None:
    queue = TimerQueue()
    keep = queue.add(0, nothing)
    for _ in range(10_000):
        queue.add(1, nothing).cancel()
    assert len(queue.heap) < 200
    assert len(queue) == 1
    assert due(queue, 1) == [keep]


@pytest.mark.parametrize(
    ("made", "cancelled", "left"),
    [(64, 64, 64), (65, 65, 0), (200, 100, 200), (200, 101, 99), (300, 140, 300)],
)
def test_few_cancelled_timers_stay(made: int, cancelled: int, left: int) -> None:
    queue = TimerQueue()
    timers = [queue.add(1, nothing) for _ in range(made)]
    for timer in timers[:cancelled]:
        timer.cancel()
    assert len(queue.heap) == left
    assert due(queue, 1) == timers[cancelled:]


def test_the_order_outlasts_the_cleaning_up() -> None:
    queue = TimerQueue()
    numbers = random.Random(1).sample(range(1000), 1000)
    timers = {number: queue.add(number, nothing) for number in numbers}
    for number in numbers:
        if number % 3:
            timers[number].cancel()
    assert len(queue.heap) < 1000
    assert due(queue, 1000) == [timers[number] for number in range(0, 1000, 3)]


def test_those_that_were_not_taken_out_stay_due() -> None:
    queue = TimerQueue()
    first, second, third, later = (queue.add(when, nothing) for when in (1, 2, 3, 9))
    assert queue.move_due(5) == 3
    assert queue.due.popleft() is first
    assert queue.next_time() == 2  # an exception passed: the rest is still to run
    assert len(queue) == 3
    earlier = queue.add(0, nothing)
    assert due(queue, 5) == [second, third, earlier]
    assert due(queue, 9) == [later]


@pytest.mark.parametrize(("when", "error"), [(float("nan"), ValueError), ("5", TypeError)])
def test_time_that_is_none(when: float, error: type[Exception]) -> None:
    with pytest.raises(error):
        TimerQueue().add(when, nothing)


STEP = st.one_of(
    st.tuples(st.just("add"), st.integers(0, 50)),
    st.tuples(st.just("cancel"), st.integers(0, 200)),
    st.tuples(st.just("advance"), st.integers(0, 20)),
    st.tuples(st.just("many"), st.integers(60, 90)),
)


@given(st.lists(STEP, max_size=60))
def test_like_a_sorted_list(steps: list[tuple[str, int]]) -> None:
    queue, now = TimerQueue(), 0
    naive: list[TimerHandle] = []
    made: list[TimerHandle] = []
    for kind, number in steps:
        if kind == "add":
            made.append(queue.add(now + number, nothing))
            naive.append(made[-1])
        elif kind == "cancel" and made:
            timer = made[number % len(made)]
            timer.cancel()
            naive = [other for other in naive if other is not timer]
        elif kind == "many":
            for _ in range(number):
                queue.add(now + 100, nothing).cancel()
        elif kind == "advance":
            now += number
            expected = sorted((t for t in naive if t.when <= now), key=lambda timer: timer.when)
            assert due(queue, now) == expected
            naive = [timer for timer in naive if timer.when > now]
        assert len(queue) == len(naive)
        assert queue.next_time() == min((timer.when for timer in naive), default=None)


def test_clear_lets_go_of_all_timers() -> None:
    queue = TimerQueue()
    timers = [queue.add(when, int) for when in (1, 2, 3)]
    timers[1].cancel()
    assert queue.move_due(1) == 1
    queue.clear()
    timers[2].cancel()
    assert len(queue) == 0
    assert queue.next_time() is None
