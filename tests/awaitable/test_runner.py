"""Coroutines on miniloop itself: steps, results, cancellation, time limits, ends of the loop."""

import asyncio
import gc
import weakref
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any

import pytest

from miniloop import EventLoop
from miniloop.awaitable import Cancelled, Task, Waiter, run, timeout, together
from miniloop.awaitable.runner import current_task
from miniloop.testing import FakeClock, SimulatedLoop, SimulatedNetwork
from miniloop.trace import inspection
from tests.awaitable.simulated import outcome, pause


@pytest.fixture
def net() -> SimulatedNetwork:
    return SimulatedNetwork(7)


@pytest.fixture
def loop(net: SimulatedNetwork) -> Iterator[SimulatedLoop]:
    with net.loop() as loop:
        yield loop


def quiet(task: Task) -> None:
    """Take note of the end, so that nothing is logged."""


class Boom(Exception):
    pass


async def fail(awaited: Awaitable[object] | None = None) -> None:
    if awaited is not None:
        await awaited
    raise Boom


# -- results ------------------------------------------------------------------------------------


def test_a_result(net: SimulatedNetwork, loop: SimulatedLoop) -> None:
    async def inner() -> int:
        await pause(loop, 1)
        return 41

    async def outer() -> int:
        return await inner() + 1

    task = Task(loop, outer())
    with pytest.raises(RuntimeError, match="has not ended"):
        task.result()
    began = loop.time()
    net.run_until(lambda: task.done)
    assert loop.time() - began == pytest.approx(1, abs=0.01)
    assert task.result() == 42
    assert task.error is None
    assert loop.background.keys() == {loop._resolver}
    task.cancel()  # too late: a no-op
    net.run(1)


def test_nothing_runs_before_the_next_pass(loop: SimulatedLoop) -> None:
    seen: list[Task | None] = []

    async def look() -> None:
        seen.append(current_task())

    task = Task(loop, look())
    assert not seen
    loop.run_once(0)
    assert seen == [task]
    assert current_task() is None


def test_waiter(net: SimulatedNetwork, loop: SimulatedLoop) -> None:
    waiter, failing = Waiter[str](), Waiter[str]()
    early = Waiter[str]()
    early.set_result("early")

    async def take() -> list[str]:
        results = [await early, await waiter]
        with pytest.raises(Boom):
            await failing
        return results

    task = Task(loop, take())
    net.run(1)
    waiter.set_result("late")
    assert waiter.done()
    with pytest.raises(RuntimeError, match="has its result already"):
        waiter.set_result("again")
    net.run(1)
    failing.set_exception(Boom())
    net.run(1)
    assert task.result() == ["early", "late"]


def test_two_tasks_for_one_waiter(net: SimulatedNetwork, loop: SimulatedLoop) -> None:
    waiter = Waiter[int]()

    async def take() -> int:
        return await waiter

    first, second = Task(loop, take()), Task(loop, take(), quiet)
    net.run(1)
    with pytest.raises(RuntimeError, match="another task awaits"):
        second.result()
    waiter.set_result(1)
    net.run(1)
    assert first.result() == 1


def test_setting_a_result_on_another_thread_is_refused(loop: SimulatedLoop) -> None:
    waiter = Waiter[int]()
    loop.call_soon(waiter.set_result, 1)

    async def take() -> int:
        return await waiter

    task = Task(loop, take())
    loop.run_once(0)
    loop._home = -1  # as if the loop were the guest of another thread's
    with pytest.raises(RuntimeError, match="another thread"):
        Task(loop, take())
    loop._home = None
    loop.run_once(0)
    assert task.result() == 1


def test_what_needs_asyncio_is_refused_with_a_sentence(
    net: SimulatedNetwork, loop: SimulatedLoop
) -> None:
    host = asyncio.new_event_loop()
    future = host.create_future()

    async def wait() -> None:
        await future

    for coroutine in (wait(), asyncio.sleep(0)):
        with pytest.raises(RuntimeError, match="needs another event loop"):
            outcome(net, loop, coroutine)
    host.close()


def test_what_is_no_coroutine(loop: SimulatedLoop) -> None:
    with pytest.raises(TypeError, match="takes a coroutine"):
        Task(loop, fail)  # type: ignore[arg-type]


def test_a_closed_loop_takes_no_task() -> None:
    loop = EventLoop()
    loop.close()
    with pytest.raises(RuntimeError, match="closed"):
        Task(loop, fail())  # and Python does not warn of a coroutine that was never awaited


# -- exceptions ---------------------------------------------------------------------------------


def test_an_exception_that_nothing_reports_is_logged_once(
    net: SimulatedNetwork, loop: SimulatedLoop, caplog: pytest.LogCaptureFixture
) -> None:
    task = Task(loop, fail())
    net.run(1)
    assert isinstance(task.error, Boom)
    assert [record.getMessage() for record in caplog.records] == [f"exception in {task!r}"]
    assert "fail" in repr(task)
    assert "raise Boom" in caplog.text


def test_an_exception_is_raised_where_the_task_has_an_owner(
    net: SimulatedNetwork, loop: SimulatedLoop, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(Boom):
        outcome(net, loop, fail())
    assert not caplog.records


def test_an_interrupt_comes_out_of_the_loop(loop: SimulatedLoop) -> None:
    async def interrupted() -> None:
        raise KeyboardInterrupt

    task = Task(loop, interrupted(), quiet)
    with pytest.raises(KeyboardInterrupt):
        loop.run_once(0)
    assert task.done
    assert current_task() is None


def test_a_failed_task_is_freed_without_the_garbage_collector(
    net: SimulatedNetwork, loop: SimulatedLoop
) -> None:
    class Held:
        pass

    async def hold(held: Held) -> None:
        await pause(loop, 1)
        await together(fail(), pause(loop, 5))

    held = Held()
    freed = weakref.ref(held)
    gc.disable()
    try:
        task = Task(loop, hold(held), quiet)
        del held
        net.run(10)
        assert isinstance(task.error, Boom)
        del task
        assert freed() is None
    finally:
        gc.enable()


# -- cancellation -------------------------------------------------------------------------------


def test_cancelling(net: SimulatedNetwork, loop: SimulatedLoop) -> None:
    seen: list[str] = []

    async def cancelled() -> None:
        try:
            await pause(loop, 100)
        except Exception:
            seen.append("an exception")
        finally:
            await pause(loop, 1)  # it may await its cleaning up
            seen.append("cleaned up")

    task = Task(loop, cancelled())
    net.run(1)
    task.cancel()
    assert not task.done
    net.run(2)
    assert isinstance(task.error, Cancelled)
    assert seen == ["cleaned up"]
    net.run(200)  # the timer's result comes too late, and does no harm


def test_cancelling_before_the_first_step(net: SimulatedNetwork, loop: SimulatedLoop) -> None:
    task = Task(loop, fail())
    task.cancel()
    net.run(1)
    assert isinstance(task.error, Cancelled)


def test_cancelling_while_a_result_is_on_its_way(
    net: SimulatedNetwork, loop: SimulatedLoop
) -> None:
    waiter = Waiter[int]()

    async def take() -> int:
        try:
            return await waiter
        except Cancelled:
            return -await waiter  # the result is not lost

    task = Task(loop, take())
    net.run(1)
    waiter.set_result(1)
    task.cancel()
    net.run(1)
    assert task.result() == -1


def test_a_task_may_cancel_itself(net: SimulatedNetwork, loop: SimulatedLoop) -> None:
    async def give_up() -> None:
        task = current_task()
        assert task is not None
        task.cancel()
        await pause(loop, 1)

    with pytest.raises(Cancelled):
        outcome(net, loop, give_up())


# -- time limits --------------------------------------------------------------------------------


def test_in_time(net: SimulatedNetwork, loop: SimulatedLoop) -> None:
    async def quick() -> str:
        async with timeout(2):
            await pause(loop, 1)
        async with timeout(None):
            await pause(loop, 100)
        return "done"

    assert outcome(net, loop, quick()) == "done"


def test_out_of_time(net: SimulatedNetwork, loop: SimulatedLoop) -> None:
    seen: list[str] = []

    async def slow() -> None:
        async with timeout(2):
            try:
                await pause(loop, 100)
            except OSError:
                seen.append("code inside took the time limit for an error of its own")

    began = loop.time()
    with pytest.raises(TimeoutError, match="within 2 seconds") as caught:
        outcome(net, loop, slow())
    assert caught.value.__cause__ is None
    assert loop.time() - began == pytest.approx(2, abs=0.01)
    assert not seen


@pytest.mark.parametrize(("outer", "inner", "caught"), [(1, 2, "outer"), (2, 1, "inner")])
def test_nested_limits(
    net: SimulatedNetwork, loop: SimulatedLoop, outer: float, inner: float, caught: str
) -> None:
    seen: list[str] = []

    async def slow() -> None:
        try:
            async with timeout(outer):
                try:
                    async with timeout(inner):
                        await pause(loop, 100)
                except TimeoutError:
                    seen.append("inner")
        except TimeoutError:
            seen.append("outer")
        await pause(loop, 100)

    outcome(net, loop, slow())
    assert seen == [caught]


@pytest.mark.parametrize(
    ("outer", "inner", "caught"), [(1, 2, ["outer"]), (2, 1, ["inner", "outer"])]
)
def test_both_limits_pass_in_one_pass(outer: float, inner: float, caught: list[str]) -> None:
    clock = FakeClock()
    seen: list[str] = []

    async def slow() -> None:
        never = Waiter[None]()
        try:
            async with timeout(outer):
                try:
                    async with timeout(inner):
                        await never
                except TimeoutError:
                    seen.append("inner")
                    await never
        except TimeoutError:
            seen.append("outer")
        await never

    with EventLoop(clock=clock) as loop:
        task = Task(loop, slow(), quiet)
        loop.run_once(0)
        clock.advance(5)
        for _ in range(5):
            loop.run_once(0)
        assert seen == caught
        assert not task.done


def test_a_limit_that_has_not_passed_leaves_no_timer() -> None:
    async def quick() -> None:
        async with timeout(1000):
            pass

    with EventLoop() as loop:
        run(loop, quick())
        assert inspection.timers(loop, 10) == []


def test_a_limit_leaves_the_cancellation_of_others_alone(
    net: SimulatedNetwork, loop: SimulatedLoop
) -> None:
    async def limited() -> None:
        async with timeout(100):
            await pause(loop, 100)

    task = Task(loop, limited(), quiet)
    net.run(1)
    task.cancel()
    net.run(1)
    assert isinstance(task.error, Cancelled)


def test_an_exception_in_the_block_passes(net: SimulatedNetwork, loop: SimulatedLoop) -> None:
    async def limited() -> None:
        async with timeout(100):
            await fail()

    with pytest.raises(Boom):
        outcome(net, loop, limited())


# -- together -----------------------------------------------------------------------------------


def test_together(net: SimulatedNetwork, loop: SimulatedLoop) -> None:
    async def after(seconds: float) -> float:
        await pause(loop, seconds)
        return seconds

    async def all_of_them() -> list[float]:
        assert await together() == []
        return await together(after(3), after(1), after(1))

    began = loop.time()
    assert outcome(net, loop, all_of_them()) == [3, 1, 1]
    assert loop.time() - began == pytest.approx(3, abs=0.01)


Ending = Callable[[SimulatedLoop], Coroutine[Any, Any, object]]


@pytest.mark.parametrize("failing", [0, 1])
def test_one_fails_and_the_others_are_cancelled(
    net: SimulatedNetwork, loop: SimulatedLoop, failing: int
) -> None:
    seen: list[str] = []

    async def other() -> None:
        try:
            await pause(loop, 100)
        finally:
            await pause(loop, 5)
            seen.append("cleaned up")

    coroutines: list[Coroutine[Any, Any, object]] = [other(), other()]
    coroutines.insert(failing, fail(pause(loop, 1)))
    began = loop.time()
    with pytest.raises(Boom):
        outcome(net, loop, together(*coroutines))
    assert seen == ["cleaned up"] * 2
    assert loop.time() - began == pytest.approx(6, abs=0.01)


def test_together_when_the_loop_is_closed(
    net: SimulatedNetwork, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[str] = []

    async def slow(loop: EventLoop) -> None:
        try:
            await pause(loop, 100)
        finally:
            seen.append("closed")

    async def three(loop: EventLoop) -> None:
        await together(slow(loop), slow(loop), slow(loop))

    with net.loop() as closing:
        Task(closing, three(closing))
        net.run(1)
    assert seen == ["closed"] * 3
    assert caplog.records == []


def test_out_of_time_together(net: SimulatedNetwork, loop: SimulatedLoop) -> None:
    seen: list[str] = []

    async def slow() -> None:
        try:
            await pause(loop, 100)
        except Cancelled:
            seen.append("cancelled")
            raise

    async def limited() -> None:
        async with timeout(1):
            await together(slow(), slow())

    with pytest.raises(TimeoutError):
        outcome(net, loop, limited())
    assert seen == ["cancelled"] * 2


def test_together_needs_a_task() -> None:
    async def wrong() -> None:
        await together(fail())

    with pytest.raises(RuntimeError, match=r"asyncio\.TaskGroup"):
        asyncio.run(wrong())


# -- the end of the loop ------------------------------------------------------------------------


def test_closing_the_loop_closes_the_coroutines(net: SimulatedNetwork, loop: SimulatedLoop) -> None:
    seen: list[str] = []

    async def wait() -> None:
        try:
            await together(pause(loop, 100), pause(loop, 100))
        finally:
            seen.append("cleaned up")

    tasks = [Task(loop, wait()), Task(loop, wait())]
    net.run(1)
    Task(loop, wait())  # has made no step
    loop.close()
    assert seen == ["cleaned up"] * 2
    assert all(isinstance(task.error, Cancelled) for task in tasks)
    tasks[0].close()


def test_closing_a_task_that_is_about_to_go_on(net: SimulatedNetwork, loop: SimulatedLoop) -> None:
    task = Task(loop, pause(loop, 1))
    task.close()
    net.run(1)
    assert isinstance(task.error, Cancelled)


def test_a_task_alone_does_not_keep_the_loop_running(loop: SimulatedLoop) -> None:
    task = Task(loop, fail(Waiter[None]()))
    loop.run()
    assert not task.done


def test_run(loop: SimulatedLoop) -> None:
    async def main() -> str:
        await pause(loop, 10)
        return "done"

    assert run(loop, main()) == "done"
    with pytest.raises(Boom):
        run(loop, fail())
    assert run(loop, main()) == "done"


def test_run_without_anything_to_wait_for(loop: SimulatedLoop) -> None:
    with pytest.raises(RuntimeError, match="that will not happen"):
        run(loop, fail(Waiter[None]()))
    assert loop.background.keys() == {loop._resolver}


def test_run_of_a_loop_that_is_stopped(loop: SimulatedLoop) -> None:
    loop.call_later(1, loop.stop)
    with pytest.raises(Cancelled):
        run(loop, pause(loop, 10))
