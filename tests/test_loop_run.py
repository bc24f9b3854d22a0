"""run(), stop() and close(): when passes are made, from which threads, and how the loop ends."""

import gc
import selectors
import socket
import threading
import weakref
from collections.abc import Callable

import pytest

from miniloop import EventLoop
from miniloop.readiness import HANGUP, READ, WRITE, Registration
from tests.doubles import FakeChannel, Sees, fail, scripted


def in_thread(call: Callable[[], object]) -> list[BaseException]:
    raised: list[BaseException] = []

    def run() -> None:
        try:
            call()
        except RuntimeError as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return raised


def test_call_from_a_thread_wakes_the_loop(loop: EventLoop) -> None:
    sees = Sees()
    for word in ("one", "two", "three"):
        waiting = threading.Timer(0, loop.call_soon_threadsafe, [sees.note(word)])
        waiting.start()
        while word not in sees:
            loop.run_once(20)
        waiting.join()
    assert sees == ["one", "two", "three"]


def test_a_callback_is_there_before_its_wake_up(
    loop: EventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the other order the loop could wake, find nothing, and wait again."""
    found: list[int] = []
    monkeypatch.setattr(loop._waker, "wake", lambda: found.append(len(loop._callbacks)))
    loop.call_soon_threadsafe(int)
    assert found == [1]


def test_stop_from_a_thread(loop: EventLoop) -> None:
    thread = threading.Timer(0, loop.stop)
    thread.start()
    loop.run(forever=True)
    thread.join()


def test_other_threads_are_refused_while_the_loop_runs(loop: EventLoop) -> None:
    channel = FakeChannel(fd=loop._own.fd + 1000)
    registration = Registration(channel, channel.fd, polled=False)
    raised: list[BaseException] = []

    def try_all() -> None:
        for call in (
            lambda: loop.call_soon(fail),
            lambda: loop.call_later(1, fail),
            lambda: loop.registry.register(channel),
            lambda: loop.registry.unregister(registration),
            lambda: loop.registry.interest_changed(registration),
            lambda: loop.flush_soon(channel),
        ):
            raised.extend(in_thread(call))

    loop.call_soon(try_all)
    loop.run_once()
    assert len(raised) == 6
    assert all("call_soon_threadsafe" in str(error) for error in raised)


def test_running_inside_a_handler_is_refused(
    loop: EventLoop, caplog: pytest.LogCaptureFixture
) -> None:
    for nested in (loop.run_once, loop.run, loop.close):
        loop.call_soon(nested)
    loop.run_once()
    assert caplog.text.count("RuntimeError: the loop is running") == 3


def test_closed_loop_is_refused(loop: EventLoop) -> None:
    loop.close()
    loop.close()
    for call in (
        loop.run,
        loop.run_once,
        lambda: loop.call_soon(fail),
        lambda: loop.call_later(1, fail),
        lambda: loop.call_soon_threadsafe(fail),
        lambda: loop.flush_soon(FakeChannel()),
        lambda: loop.add_signal_handler(2, fail),
        loop.stop,
        lambda: loop.registry.register(FakeChannel()),
    ):
        with pytest.raises(RuntimeError, match="make a new EventLoop"):
            call()


def test_wrong_callbacks_and_times(loop: EventLoop) -> None:
    for call in (loop.call_soon, loop.call_soon_threadsafe, loop.on_stop):
        with pytest.raises(TypeError, match="is not callable"):
            call("text")  # type: ignore[arg-type]  # on purpose
    with pytest.raises(TypeError, match=r"call_later\(delay, callback, \*args\): .* no delay"):
        loop.call_later(print, 1)  # type: ignore[arg-type]  # the other way round
    with pytest.raises(ValueError, match="NaN"):
        loop.call_later(float("nan"), fail)
    with pytest.raises(TypeError):
        loop.call_at("5", fail)  # type: ignore[arg-type]  # on purpose


def test_run_returns_when_nothing_is_left() -> None:
    sees = Sees()
    with scripted() as (loop, selector, _):
        channel = FakeChannel(fd=7)
        channel.join(loop)
        channel.on["read"] = channel.close
        loop.call_later(3, lambda: selector.script((7, READ)))
        loop.call_later(4, loop.call_soon, sees.note("end"))
        loop.run()
    assert sees == ["end"]
    assert channel.calls == ["read", "close"]


def test_stop_in_order() -> None:
    sees = Sees()
    with scripted() as (loop, selector, clock):
        listener, talker = FakeChannel("listener", fd=7), FakeChannel("talker", fd=8)
        listener.join(loop)
        talker.join(loop)
        listener.on["stop"] = listener.close
        listener.on["close"] = sees.note("listener closed")
        talker.queued = True

        def say_goodbye() -> None:
            sees.append("goodbye")
            loop.flush_soon(talker)

        def sent() -> None:
            talker.queued = False

        talker.on["flush"] = lambda: [sees.note("flush")(), loop.call_later(2, sent)]
        talker.on["close"] = sees.note("talker closed")
        loop.on_stop(say_goodbye)
        loop.on_stop(fail)
        loop.call_soon(loop.stop)
        loop.run()
        assert sees == ["listener closed", "goodbye", "flush", "talker closed"]
        assert clock() == 1002
        assert not selector.get_map().keys() - {loop._own.fd}
        assert len(loop._timers) == 0
        loop.call_soon(sees.note("again"))
        loop.run()
        assert sees[-1] == "again"


@pytest.mark.parametrize("grace", [0, 5])
def test_stop_waits_no_longer_than_the_grace(grace: float) -> None:
    with scripted() as (loop, _, clock):
        stuck = FakeChannel()
        stuck.queued = True
        stuck.join(loop)
        loop.stop(grace)
        loop.run()
        assert clock() == 1000 + grace
        assert stuck.calls == ["stop", "close"]


def test_stopping_survives_what_fails(caplog: pytest.LogCaptureFixture) -> None:
    with scripted() as (loop, _, _):
        bad_stop, bad_close, gone = FakeChannel(), FakeChannel(), FakeChannel()
        bad_stop.on["stop"] = fail
        bad_stop.on["close"] = gone.close
        bad_close.on["close"] = fail
        for channel in (bad_stop, gone, bad_close):
            channel.join(loop)
        loop.stop()
        loop.run()
        assert bad_stop.calls == ["stop", "error", "close"]
        assert gone.calls == ["close"]
        assert bad_close.calls == ["stop", "close"]
        assert not loop._channels()
    assert "exception while closing" in caplog.text


def test_close_closes_everything() -> None:
    with scripted() as (loop, selector, _):
        channel = FakeChannel()
        channel.join(loop)
        loop.call_soon(fail)
        loop.close()
        assert channel.calls == ["close"]
        assert not selector.get_map()
        assert not loop.registry.registrations


def test_close_forgets_what_was_still_to_be_called() -> None:
    class Big:
        def call(self) -> None:
            fail()

    with scripted() as (loop, _, _):
        big = Big()
        seen = weakref.ref(big)
        loop.call_soon(big.call)
        del big
        loop.close()
        gc.collect()
        assert seen() is None


class Failing:
    """Background work that does not leave the loop when it is closed."""

    closed = 0

    def busy(self) -> bool:
        return False

    def handle_stop(self) -> None:
        """Nothing new begins anyway."""

    def close(self) -> None:
        self.closed += 1
        fail()

    def after_fork(self) -> None:
        """Nothing belongs to the parent."""


def test_background_work_that_fails_to_close_is_closed_once() -> None:
    with scripted() as (loop, _, _):
        loop.background[work := Failing()] = None
        loop.stop()
        loop.run()
        assert not loop.background
    assert work.closed == 1


STOCK = [selectors.DefaultSelector, selectors.SelectSelector]
if hasattr(selectors, "PollSelector"):
    STOCK.append(selectors.PollSelector)


@pytest.mark.parametrize("kind", STOCK)
def test_stock_selectors_do(kind: Callable[[], selectors.BaseSelector]) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, EventLoop(selector=kind(), debug=True) as loop:
        channel = FakeChannel(fd=ours.fileno())
        channel.join(loop)
        loop.run_once(0)
        theirs.send(b"x")
        loop.run_once(5)
        assert channel.calls == ["read"]
        channel.want(HANGUP)
        loop.run_once(0)
        channel.want(WRITE)
        loop.run_once(5)
        assert channel.calls == ["read", "write"]
        loop.call_soon(loop.stop)
        loop.run()
        assert channel.calls[-2:] == ["stop", "close"]
