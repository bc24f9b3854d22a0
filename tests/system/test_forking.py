"""What a loop's kernel objects become in a child; tests/integration/test_forking.py forks.

``renew_all()`` is called in the test's own process here, as it is in a child, so that what it does
can be looked at.
"""

import gc
import os
import signal
import threading
import weakref
from collections.abc import Iterator

import pytest

from miniloop import EventLoop
from miniloop.readiness import READ
from miniloop.system.forking import renew_all
from miniloop.testing import FakeClock, ScriptedSelector
from miniloop.trace import inspection
from tests.doubles import FakeChannel, Sees, scripted
from tests.driving import Recording, pair, run_until, settle


def test_channels_are_served_by_a_set_of_their_own(loop: EventLoop) -> None:
    with pair() as (ours, theirs):
        channel = Recording(loop, ours)
        settle(loop)
        renew_all()
        theirs.send(b"hello")
        run_until(loop, lambda: channel.data == b"hello")
        channel.pause_reading()
        channel.resume_reading()
        theirs.send(b"again")
        run_until(loop, lambda: channel.data == b"helloagain")


def test_every_kind_of_registration_is_asked_again() -> None:
    with scripted() as (loop, _, _):
        dirty, trusted, polled, silent = (FakeChannel(fd=fd) for fd in (7, 8, 9, 10))
        for channel in (trusted, silent, dirty):
            channel.join(loop)
        polled.join(loop, polled=True)
        silent.wants = 0
        loop.run_once(0)
        dirty.want(READ)
        asked = Sees()
        polled.on["interest"] = asked.note("asked")
        renew_all()
        selector = loop.registry.selector
        assert not isinstance(selector, ScriptedSelector)
        loop.registry.selector = mine = ScriptedSelector()
        loop.registry.ask()
        assert asked == ["asked"]
        assert {fd for name, fd, _ in mine.calls if name == "register"} >= {7, 8, 9}
        assert 10 not in {fd for _, fd, _ in mine.calls}
        assert all(each.alive for each in inspection.registrations(loop))
        for channel in (dirty, trusted, polled, silent):
            channel.close()
        loop.registry.selector = selector


def test_the_inherited_selector_is_closed_and_told_nothing() -> None:
    class Closing(ScriptedSelector):
        closed = False

        def close(self) -> None:
            super().close()
            self.closed = True

    selector = Closing()
    with EventLoop(selector=selector, clock=FakeClock()) as loop:
        channel = FakeChannel(fd=7)
        channel.join(loop)
        loop.run_once(0)
        told = [*selector.calls]
        renew_all()
        channel.close()
        assert selector.closed
        assert selector.calls == told


def test_the_waker_wakes_this_process(loop: EventLoop) -> None:
    sees = Sees()
    loop.run_once(0)
    renew_all()
    thread = threading.Thread(target=loop.call_soon_threadsafe, args=(sees.note("woken"),))
    loop.call_soon(thread.start)
    run_until(loop, lambda: sees)
    thread.join()


def test_the_parents_waker_is_not_waited_for(
    loop: EventLoop, caplog: pytest.LogCaptureFixture
) -> None:
    loop.run_once(0)
    renew_all()
    loop.run()
    assert inspection.registrations(loop) == []
    assert caplog.text == ""


def test_callbacks_timers_and_output_are_still_to_be_done(loop: EventLoop) -> None:
    sees = Sees()
    channel = FakeChannel(fd=-1)
    loop.call_soon(sees.note("callback"))
    loop.call_later(0, sees.note("timer"))
    loop.flush_soon(channel)
    renew_all()
    loop.run_once(0)
    assert sorted(sees) == ["callback", "timer"]
    assert channel.calls == ["flush"]


def test_a_handler_that_forks_goes_on_inside_its_pass(loop: EventLoop) -> None:
    sees = Sees()

    def fork_and_go_on() -> None:
        renew_all()
        with pytest.raises(RuntimeError, match="running already"):
            loop.run_once(0)
        loop.call_soon(sees.note("after"))
        loop.call_soon(loop.stop)

    loop.call_soon(fork_and_go_on)
    loop.run(forever=True)
    assert sees == ["after"]


def test_a_loop_that_another_thread_runs_is_free_in_the_child() -> None:
    """That thread is the parent's; the child may run the loop itself, or close it."""
    with scripted() as (loop, _, _):
        loop._thread = 1  # as if inside a pass of another thread
        with pytest.raises(RuntimeError, match="another thread"):
            loop.call_soon(int)
        renew_all()
        loop.call_soon(int)
        loop.run_once(0)


@pytest.mark.needs("guests")
def test_a_guest_has_no_host_in_the_child(loop: EventLoop) -> None:
    sees = Sees()
    loop.stepper()
    renew_all()
    thread = threading.Thread(target=loop.call_soon, args=(sees.note("called"),))
    thread.start()  # no thread is the host's any more
    thread.join()
    loop.run_once(0)
    assert sees == ["called"]


class Fake:
    """Work without a descriptor."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def busy(self) -> bool:
        return False

    def handle_stop(self) -> None:
        self.calls.append("stop")

    def close(self) -> None:
        self.calls.append("close")

    def after_fork(self) -> None:
        self.calls.append("fork")


def test_background_work_is_told(loop: EventLoop) -> None:
    work = Fake()
    loop.background[work] = None
    renew_all()
    assert work.calls == ["fork"]


@pytest.fixture
def _sigusr1_stays() -> Iterator[None]:
    before = signal.getsignal(signal.SIGUSR1)
    yield
    assert signal.getsignal(signal.SIGUSR1) == before


@pytest.mark.usefixtures("_sigusr1_stays")
def test_signals_have_their_former_handlers(loop: EventLoop) -> None:
    sees = Sees()
    before = signal.signal(signal.SIGUSR1, lambda number, frame: sees.append("former"))
    loop.add_signal_handler(signal.SIGUSR1, sees.note("the parent's"))
    renew_all()
    os.kill(os.getpid(), signal.SIGUSR1)
    loop.run_once(0)
    assert sees == ["former"]
    assert signal.set_wakeup_fd(-1) == -1
    signal.signal(signal.SIGUSR1, before)


@pytest.mark.usefixtures("_sigusr1_stays")
def test_the_child_may_have_signal_handlers_of_its_own(loop: EventLoop) -> None:
    sees = Sees()
    loop.add_signal_handler(signal.SIGUSR1, sees.note("the parent's"))
    renew_all()
    loop.add_signal_handler(signal.SIGUSR1, sees.note("the child's"))
    signal.raise_signal(signal.SIGUSR1)
    loop.run_once()
    assert sees == ["the child's"]


@pytest.mark.usefixtures("_sigusr1_stays")
def test_signal_handlers_of_the_child_write_to_its_own_waker() -> None:
    lower = [os.dup(0) for _ in range(4)]
    with EventLoop() as loop:
        loop.add_signal_handler(signal.SIGUSR1, int)
        for number in lower:  # the child's waker gets these
            os.close(number)
        renew_all()
        loop.add_signal_handler(signal.SIGUSR1, int)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_has_its_usual_effect_in_a_child_of_a_running_loop(
    loop: EventLoop, number: signal.Signals
) -> None:
    before = signal.getsignal(number)
    inside = []

    def fork() -> None:
        inside.append(signal.getsignal(number))
        renew_all()
        inside.append(signal.getsignal(number))

    loop.call_soon(fork)
    loop.run()
    assert inside[0] != before
    assert inside[1] == before
    assert signal.getsignal(number) == before


def test_a_closed_loop_is_left_alone() -> None:
    loop = EventLoop()
    loop.close()
    renew_all()
    loop.close()


def test_a_forgotten_loop_is_not_kept_alive() -> None:
    loop = EventLoop()
    loop.close()
    gone = weakref.ref(loop)
    del loop
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("first", [False, True])
def test_all_loops_of_a_process_are_renewed(first: bool) -> None:
    """Signals too, though only one of two loops is woken by them."""
    with EventLoop() as one, EventLoop() as other:
        sees = Sees()
        for loop in (one, other) if first else (other, one):
            loop.add_signal_handler(signal.SIGUSR1, sees.note("signal"))
            loop.run_once(0)
        renew_all()
        for loop in (one, other):
            loop.call_soon_threadsafe(sees.note("woken"))
            loop.run_once()
        assert sees == ["woken", "woken"]
        assert signal.set_wakeup_fd(-1) == -1
