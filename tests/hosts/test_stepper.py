"""One descriptor, one time and one step: all that another loop needs."""

import os
import select
import selectors
import tempfile
from collections.abc import Iterator
from contextlib import closing
from threading import Thread

import pytest

from miniloop import EventLoop, FileDispatcher, Trace
from miniloop.hosts.stepper import Stepper
from miniloop.selectors import EpollSelector, PollSelector
from miniloop.testing import FakeClock, ScriptedSelector
from miniloop.trace import install
from tests.doubles import FakeChannel, Sees, fail
from tests.driving import Careful, Recording, pair
from tests.hosts.stepping import make_stale

pytestmark = pytest.mark.needs("guests")


class Script(ScriptedSelector):
    """Scripted, and with a descriptor, which is nothing to watch."""

    def fileno(self) -> int:
        return 99


class Setup:
    def __init__(self, loop: EventLoop, selector: Script, clock: FakeClock) -> None:
        self.loop = loop
        self.selector = selector
        self.clock = clock
        self.sees = Sees()
        self.stepper = loop.stepper()
        self.stepper.step()


@pytest.fixture
def setup() -> Iterator[Setup]:
    clock = FakeClock()
    selector = Script(clock)
    with EventLoop(selector=selector, clock=clock, debug=True) as loop:
        yield Setup(loop, selector, clock)


# -- the descriptor ------------------------------------------------------------------------------


def readable(stepper: Stepper) -> bool:
    return bool(select.select([stepper.fileno()], [], [], 0)[0])


def test_the_first_step_is_due_at_once(loop: EventLoop) -> None:
    stepper = loop.stepper()
    assert readable(stepper)
    while readable(stepper):
        stepper.step()
    assert stepper.time_to_next() is None


def test_a_ready_channel_makes_it_readable(loop: EventLoop) -> None:
    stepper = loop.stepper()
    with pair() as (ours, theirs):
        channel = Recording(loop, ours)
        while readable(stepper):
            stepper.step()
        theirs.send(b"!")
        assert readable(stepper)
        stepper.step()
        assert channel.data == b"!"
        assert not readable(stepper)


def test_several_steppers_of_a_loop_have_the_same(loop: EventLoop) -> None:
    first = loop.stepper()
    assert loop.stepper().fileno() == first.fileno()


@pytest.mark.parametrize("kind", [PollSelector, ScriptedSelector, selectors.SelectSelector])
def test_a_selector_without_descriptor_is_refused(kind: type[selectors.BaseSelector]) -> None:
    with (
        EventLoop(selector=kind()) as loop,
        pytest.raises(RuntimeError, match=f"{kind.__name__} has no descriptor .* epoll or kqueue"),
    ):
        loop.stepper()


def test_a_stock_selector_with_a_descriptor_will_do() -> None:
    with EventLoop(selector=selectors.EpollSelector(), debug=True) as loop, pair() as (ours, them):
        stepper = loop.stepper()
        channel = Recording(loop, ours)
        stepper.step()
        stepper.step()
        assert not readable(stepper)
        them.send(b"!")
        assert readable(stepper)
        stepper.step()
        assert channel.data == b"!"


def test_a_fork_does_not_keep_a_rebuilt_set_awake() -> None:
    """The child's copy of the old set must not stay inside the one that the host watches."""
    with closing(EpollSelector()) as selector, pair() as (ours, theirs):
        outer = selector.outer_fileno()
        selector.register(ours, selectors.EVENT_READ)
        copy = os.dup(selector.fileno())  # what a fork would have
        make_stale(selector)
        theirs.send(b"!")
        selector.unregister(ours)
        assert not select.select([outer], [], [], 0)[0]
        os.close(copy)


# -- the time ------------------------------------------------------------------------------------


def test_nothing_to_do_has_no_time(setup: Setup) -> None:
    assert setup.stepper.time_to_next() is None


def test_the_next_timer(setup: Setup) -> None:
    setup.loop.call_later(7, int)
    assert setup.stepper.time_to_next() == 7
    setup.clock.advance(7.5)
    assert setup.stepper.time_to_next() == 0


@pytest.mark.parametrize("what", ["callback", "question", "output"])
def test_what_is_left_for_the_next_step_is_due_at_once(setup: Setup, what: str) -> None:
    channel = FakeChannel(fd=7)
    if what == "callback":
        setup.loop.call_soon(int)
    elif what == "question":
        channel.join(setup.loop)
    else:
        setup.loop.flush_soon(channel)
    assert setup.stepper.time_to_next() == 0
    setup.stepper.step()
    assert setup.stepper.time_to_next() is None


def test_a_regular_file_is_due_at_once(loop: EventLoop) -> None:
    """It is always ready, of which no descriptor can tell."""

    class Reads(FileDispatcher):
        def handle_read(self) -> None:
            self.recv(1)

    stepper = loop.stepper()
    with tempfile.TemporaryFile() as file:
        file.write(b"xx")
        file.seek(0)
        reader = Reads(loop, file.fileno())
        stepper.step()
        assert stepper.time_to_next() == 0
        reader.pause_reading()
        stepper.step()
        assert stepper.time_to_next() is None


# -- the step ------------------------------------------------------------------------------------


def test_a_step_never_waits(setup: Setup) -> None:
    setup.loop.call_later(7, int)
    for _ in range(3):
        setup.stepper.step()
    assert set(setup.selector.timeouts) == {0}


def test_a_step_inside_a_step_is_refused(setup: Setup, caplog: pytest.LogCaptureFixture) -> None:
    setup.loop.call_soon(setup.stepper.step)
    setup.loop.call_soon(setup.loop.run_once, 0)
    setup.stepper.step()
    assert caplog.text.count("RuntimeError: the loop is running already") == 2


def test_an_exception_that_passes_leaves_the_loop_usable(setup: Setup) -> None:
    def leave() -> None:
        raise SystemExit

    setup.loop.call_soon(leave)
    setup.loop.call_soon(setup.sees.note("after it"))
    with pytest.raises(SystemExit):
        setup.stepper.step()
    assert setup.stepper.step()
    assert setup.sees == ["after it"]


def test_the_orderly_end_is_reported_once(setup: Setup) -> None:
    channel = FakeChannel(fd=7)
    channel.join(setup.loop)
    setup.loop.on_stop(setup.sees.note("goodbye"))
    assert setup.stepper.step()
    setup.loop.stop()
    assert not setup.stepper.step()
    assert setup.sees == ["goodbye"]
    assert channel.calls == ["stop", "close"]
    assert setup.stepper.step()


def test_a_second_stop_ends_in_order_again(setup: Setup) -> None:
    for _ in range(2):
        channel = FakeChannel(fd=7)
        channel.join(setup.loop)
        setup.loop.on_stop(setup.sees.note("goodbye"))
        setup.loop.stop()
        assert not setup.stepper.step()
        assert channel.calls == ["stop", "close"]
    assert setup.sees == ["goodbye", "goodbye"]


def test_the_orderly_end_goes_on_while_output_waits(setup: Setup) -> None:
    channel = FakeChannel(fd=7)
    channel.queued = True
    channel.join(setup.loop)
    setup.loop.stop(grace=9)
    assert [setup.stepper.step() for _ in range(3)] == [True, True, True]
    channel.queued = False
    assert not setup.stepper.step()


def test_the_orderly_end_has_a_limit(setup: Setup) -> None:
    channel = FakeChannel(fd=7)
    channel.queued = True
    channel.join(setup.loop)
    setup.loop.stop(grace=9)
    assert setup.stepper.step()
    assert setup.stepper.time_to_next() == 9
    setup.clock.advance(9)
    assert not setup.stepper.step()
    assert channel.calls == ["stop", "close"]


def test_a_closed_loop_has_no_stepper() -> None:
    loop = EventLoop()
    stepper = loop.stepper()
    loop.close()
    with pytest.raises(RuntimeError, match="the loop is closed"):
        loop.stepper()
    with pytest.raises(RuntimeError, match="the loop is closed"):
        stepper.step()


def test_a_failing_callback_is_logged_and_the_step_goes_on(
    setup: Setup, caplog: pytest.LogCaptureFixture
) -> None:
    setup.loop.call_soon(fail)
    setup.loop.call_soon(setup.sees.note("after it"))
    assert setup.stepper.step()
    assert "on purpose" in caplog.text
    assert setup.sees == ["after it"]


# -- wake-ups ------------------------------------------------------------------------------------


class Wakes(Trace):
    """Counts the events that end waits."""

    def __init__(self) -> None:
        self.events = 0

    def after_wait(self, count: int) -> None:
        self.events += count


@pytest.mark.parametrize("hosted", [False, True])
def test_a_call_between_two_passes_wakes_a_host_and_nothing_else(
    loop: EventLoop, hosted: bool
) -> None:
    loop.run_once(0)
    if hosted:
        loop.stepper().step()
    install(loop, wakes := Wakes())
    loop.call_soon(int)
    loop.run_once(0)
    assert wakes.events == hosted


def test_a_call_inside_a_step_wakes_nothing(loop: EventLoop) -> None:
    stepper = loop.stepper()
    stepper.step()
    install(loop, wakes := Wakes())
    sees = Sees()

    def schedule() -> None:
        loop.call_soon(sees.note("later"))

    loop.call_later(0, schedule)
    while not sees:
        stepper.step()
    assert wakes.events == 1  # for the timer, which was asked for between two steps


def test_only_the_thread_of_the_stepper_may_call(loop: EventLoop) -> None:
    loop.stepper()
    refused: list[str] = []

    def intrude() -> None:
        try:
            loop.call_soon(fail)
        except RuntimeError as error:
            refused.append(str(error))

    thread = Thread(target=intrude)
    thread.start()
    thread.join()
    assert ["call_soon_threadsafe" in words for words in refused] == [True]


def test_an_orderly_end_that_is_interrupted_goes_on_in_the_next_step(setup: Setup) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    channel = FakeChannel()
    channel.join(setup.loop)
    setup.loop.on_stop(interrupt)
    setup.loop.on_stop(setup.sees.note("goodbye"))
    setup.loop.stop()
    with pytest.raises(KeyboardInterrupt):
        setup.stepper.step()
    while setup.stepper.step():
        pass
    assert setup.sees == ["goodbye"]
    assert channel.calls[-1] == "close"


# -- predicates that announce nothing --------------------------------------------------------------


def step_while_due(stepper: Stepper) -> int:
    for steps in range(50):
        if not readable(stepper) and stepper.time_to_next() != 0:
            return steps
        stepper.step()
    raise AssertionError("it spins")


def test_a_channel_that_announces_nothing_is_served(loop: EventLoop) -> None:
    stepper = loop.stepper()
    step_while_due(stepper)
    with pair() as (ours, theirs):
        loop.call_soon(Careful, loop, ours)
        step_while_due(stepper)
        for number in range(3):
            theirs.send(b"%d" % number)
            step_while_due(stepper)
            assert theirs.recv(10) == b"%d" % number
        assert step_while_due(stepper) == 0


def test_the_hosts_change_of_such_a_channel_is_seen_when_it_is_announced(loop: EventLoop) -> None:
    stepper = loop.stepper()
    with pair() as (ours, theirs):
        channel = Careful(loop, ours)
        step_while_due(stepper)
        channel.unsent = b"from the host"
        channel.interest_changed()
        channel.interest_changed()
        step_while_due(stepper)
        assert theirs.recv(100) == b"from the host"
