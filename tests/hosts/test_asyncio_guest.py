"""What asyncio is asked for, and what can be awaited; traffic is in tests/integration."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, cast

import pytest

from miniloop import AsyncChat, AsyncioGuest, EventLoop
from miniloop.testing import FakeClock
from tests.doubles import Sees
from tests.driving import pair, receive

pytestmark = pytest.mark.needs("guests")


class FakeTimer:
    cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class FakeAsyncio:
    """What an asyncio loop does for readers and timers."""

    def __init__(self) -> None:
        self.readers: dict[int, Callable[[], object]] = {}
        self.timers: list[tuple[float, Callable[[], object], FakeTimer]] = []

    def add_reader(self, fd: int, callback: Callable[[], object]) -> None:
        self.readers[fd] = callback

    def remove_reader(self, fd: int) -> None:
        del self.readers[fd]

    def call_later(self, seconds: float, callback: Callable[[], object]) -> FakeTimer:
        self.timers.append((seconds, callback, FakeTimer()))
        return self.timers[-1][2]


def test_what_the_host_is_asked_for(clock: FakeClock) -> None:
    sees, host = Sees(), FakeAsyncio()
    with EventLoop(clock=clock, debug=True) as loop:
        guest = AsyncioGuest(loop, cast(asyncio.AbstractEventLoop, host), sees.note("ended"))
        assert host.readers == {guest.fileno(): guest.step}
        loop.call_later(5, sees.note("timer"))
        guest.step()
        seconds, callback, timer = host.timers[-1]
        assert (seconds, callback, timer.cancelled) == (5, guest.step, False)
        clock.advance(5)
        callback()
        assert timer.cancelled
        assert sees == ["timer"]
        loop.stop()
        guest.step()
        assert sees == ["timer", "ended"]
        assert host.readers == {}


Test = Callable[[EventLoop, AsyncioGuest], Coroutine[Any, Any, None]]


def in_asyncio(test: Test) -> None:
    """Run ``test(loop, guest)`` in asyncio, with a limit for hanging."""

    async def main() -> None:
        with EventLoop(debug=True) as loop:
            guest = AsyncioGuest(loop, asyncio.get_running_loop())
            await asyncio.wait_for(test(loop, guest), 20)

    asyncio.run(main())


def test_the_end_can_be_awaited_by_several_tasks() -> None:
    async def test(loop: EventLoop, guest: AsyncioGuest) -> None:
        waiting = [asyncio.ensure_future(guest.ended()) for _ in range(2)]
        await asyncio.sleep(0)
        assert not any(each.done() for each in waiting)
        loop.stop()
        await asyncio.gather(*waiting)
        assert guest.closed
        await guest.ended()

    in_asyncio(test)


def test_a_cancelled_waiter_hinders_no_other() -> None:
    async def test(loop: EventLoop, guest: AsyncioGuest) -> None:
        cancelled, other = (asyncio.ensure_future(guest.ended()) for _ in range(2))
        await asyncio.sleep(0)
        cancelled.cancel()
        loop.stop()
        await other
        assert cancelled.cancelled()

    in_asyncio(test)


def test_stop_returns_when_everything_is_sent_and_closed() -> None:
    async def test(loop: EventLoop, guest: AsyncioGuest) -> None:
        with pair() as (ours, theirs):
            chat = AsyncChat(loop, ours)
            chat.push(b"goodbye\n")
            await guest.stop()
            assert chat.closed
            assert guest.closed
            assert receive(theirs) == b"goodbye\n"
            await guest.stop()

    in_asyncio(test)


def test_leaving_the_block_stops_the_loop_in_order() -> None:
    async def test(loop: EventLoop, guest: AsyncioGuest) -> None:
        sees = Sees()
        loop.on_stop(sees.note("goodbye"))
        async with guest as entered:
            assert entered is guest
        assert sees == ["goodbye"]
        assert guest.closed

    in_asyncio(test)


def test_an_exception_in_the_block_passes_after_the_orderly_stop() -> None:
    async def test(loop: EventLoop, guest: AsyncioGuest) -> None:
        sees = Sees()
        loop.on_stop(sees.note("goodbye"))
        with pytest.raises(ValueError, match="on purpose"):
            async with guest:
                raise ValueError("on purpose")
        assert sees == ["goodbye"]
        assert guest.closed

    in_asyncio(test)


def test_a_task_that_is_cancelled_while_it_leaves_closes_at_once() -> None:
    async def test(loop: EventLoop, guest: AsyncioGuest) -> None:
        leaving = asyncio.Event()
        loop.on_stop(leaving.set)

        async def stay() -> None:
            async with guest:
                AsyncChat(loop, ours).push(b"x" * 10_000_000)  # the peer does not read it

        with pair() as (ours, _):
            task = asyncio.create_task(stay())
            await leaving.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert guest.closed

    in_asyncio(test)
