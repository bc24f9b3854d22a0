"""A loop that is stepped by somebody else: the test itself, which has no loop at all."""

import logging
import os
import select
import selectors
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from miniloop import AsyncChat, Dispatcher, EventLoop, FileDispatcher, Guest, TwistedGuest
from miniloop.selectors import EpollSelector, PollSelector
from miniloop.testing import FakeClock, ScriptedSelector
from tests.doubles import Sees, fail
from tests.driving import Lines, Recording, pair, receive

pytestmark = pytest.mark.needs("guests")


class TestHost(Guest):
    """Steps when it must, and counts."""

    __test__ = False

    def __init__(self, loop: EventLoop, on_end: Callable[[], object] | None = None) -> None:
        self.watched: int | None = None
        self.timer: float | None = None
        self.steps = 0
        super().__init__(loop, on_end)

    def watch(self, fd: int) -> None:
        assert self.watched is None
        self.watched = fd

    def unwatch(self, fd: int) -> None:
        assert self.watched == fd
        self.watched = None

    def call_later(self, seconds: float) -> object:
        self.timer = self.loop.time() + seconds
        return self

    def cancel(self, timer: object) -> None:
        self.timer = None

    def due(self) -> bool:
        """Return whether a host would step now."""
        if self.timer is not None and self.timer <= self.loop.time():
            return True
        return self.watched is not None and bool(select.select([self.watched], [], [], 0)[0])

    def settle(self) -> int:
        """Step until nothing is due; return how many steps it took."""
        before = self.steps
        while self.due():
            self.steps += 1
            assert self.steps - before < 100, "it spins"
            self.step()
        return self.steps - before


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def host(clock: FakeClock) -> Iterator[TestHost]:
    with EventLoop(clock=clock, debug=True) as loop:
        host = TestHost(loop)
        host.settle()
        yield host


def test_an_idle_guest_is_left_alone(host: TestHost, clock: FakeClock) -> None:
    with pair() as (ours, theirs):
        channel = Recording(host.loop, ours)
        host.settle()
        assert not host.due()
        clock.advance(1000)
        assert not host.due()
        theirs.send(b"!")
        assert host.settle() == 1
        assert channel.data == b"!"


def test_what_was_there_before_the_guest_is_served() -> None:
    sees = Sees()
    with EventLoop(debug=True) as loop, pair() as (ours, theirs):
        chat = Lines(loop, ours)
        chat.push(b"hello\n")
        loop.call_soon(sees.note("called"))
        host = TestHost(loop)
        host.settle()
        assert receive(theirs) == b"hello\n"
        assert sees == ["called"]
        theirs.send(b"answer\n")
        host.settle()
        assert chat.lines == [b"answer"]


def asked_for(step: str, channel: "Asked") -> Callable[[], object]:
    """What the host's own code may ask of the loop between two steps."""
    loop = channel.loop
    registration = channel._registration_
    assert registration is not None
    steps: dict[str, Callable[[], object]] = {
        "call_soon": lambda: loop.call_soon(int),
        "call_soon_threadsafe": lambda: loop.call_soon_threadsafe(int),
        "call_later": lambda: loop.call_later(1, int),
        "call_at": lambda: loop.call_at(0, int),
        "flush_soon": lambda: loop.flush_soon(registration),
        "interest_changed": lambda: loop.registry.interest_changed(registration),
        "unregister": lambda: loop.registry.unregister(registration),
        "stop": loop.stop,
        "register": lambda: Recording(loop).create_socket(),
        "pause": channel.pause_reading,
        "idle": lambda: channel.set_idle_timeout(5),
        "close": channel.close,
        "end": channel.end,
        "forget": lambda: loop.close_descriptor(channel.fileno()),
    }
    return steps[step]


class Asked(Dispatcher):
    """Overrides a predicate, so it is asked in every pass."""

    wants = False

    def readable(self) -> bool:
        return self.wants

    def handle_read(self) -> None:
        self.recv()
        self.wants = False


class NotAsked(Recording, Asked):
    readable = Dispatcher.readable


@pytest.mark.parametrize("kind", [Asked, NotAsked])
@pytest.mark.parametrize(
    "step",
    [
        "call_soon", "call_soon_threadsafe", "call_later", "call_at", "flush_soon",
        "interest_changed", "unregister", "stop", "register", "pause", "idle", "close", "end",
        "forget",
    ],
)  # fmt: skip
def test_whatever_the_host_asks_for_demands_a_step(
    host: TestHost, step: str, kind: type[Asked]
) -> None:
    with pair() as (ours, _):
        channel = kind(host.loop, ours)
        host.settle()
        assert not host.due()
        asked_for(step, channel)()
        assert host.due()
        host.settle()
        assert not host.due()


def test_asked_channel_is_heard_after_it_announced(host: TestHost) -> None:
    with pair() as (ours, theirs):
        channel = Asked(host.loop, ours)
        theirs.send(b"!")
        host.settle()
        channel.wants = True
        channel.interest_changed()
        host.settle()
        assert not channel.wants


def test_pushing_from_the_host_is_one_write_a_step(host: TestHost) -> None:
    with pair() as (ours, theirs):
        chat = AsyncChat(host.loop, ours)
        host.settle()
        for _ in range(1000):
            chat.push(b"line\n")
        host.settle()
        assert receive(theirs) == b"line\n" * 1000


def test_what_a_step_leaves_behind_is_due_at_once(host: TestHost) -> None:
    sees = Sees()
    host.loop.call_soon(lambda: host.loop.call_soon(lambda: host.loop.call_soon(sees.note("3"))))
    host.settle()
    assert sees == ["3"]


def test_the_timer_follows_ours(host: TestHost, clock: FakeClock) -> None:
    sees = Sees()
    late = host.loop.call_later(7, sees.note("late"))
    host.settle()
    assert host.timer == clock() + 7
    host.loop.call_later(3, sees.note("early"))
    host.settle()
    assert host.timer == clock() + 3
    clock.advance(3)
    host.settle()
    assert sees == ["early"]
    assert host.timer == clock() + 4
    late.cancel()
    clock.advance(4)
    host.settle()
    assert sees == ["early"]
    assert host.timer is None


def test_a_host_that_is_early_does_not_step_in_a_hot_loop(host: TestHost, clock: FakeClock) -> None:
    host.loop.call_later(1, int)
    host.settle()
    clock.advance(0.9999)
    host.step()
    assert host.timer == clock() + 0.001


def test_a_file_is_always_ready(host: TestHost) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(b"x" * 300_000)
        file.seek(0)
        reader = Reads(host.loop, file.fileno())
        host.settle()
        assert reader.size == 300_000
        assert reader.closed


class Reads(FileDispatcher):
    size = 0

    def handle_read(self) -> None:
        self.size += len(self.recv())


def test_a_rebuilt_epoll_set_keeps_the_descriptor(
    host: TestHost, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR, "miniloop.selector")
    with pair() as (ours, theirs):
        channel = Recording(host.loop, ours)
        host.settle()
        selector = host.loop._selector
        assert isinstance(selector, EpollSelector)
        selector._rebuild("a test says so")
        assert host.loop.fileno() == host.watched
        assert not host.due()
        theirs.send(b"!")
        host.settle()
        assert channel.data == b"!"


# -- the end -------------------------------------------------------------------------------------


def test_orderly_end_goes_on_from_step_to_step(clock: FakeClock) -> None:
    sees = Sees()
    with EventLoop(clock=clock, debug=True) as loop, pair() as (ours, theirs):
        host = TestHost(loop, on_end=sees.note("ended"))
        loop.on_stop(sees.note("goodbye"))
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 10_000)
        chat = AsyncChat(loop, ours)
        chat.push(b"x" * 1_000_000)
        host.settle()
        loop.stop(grace=9)
        host.settle()
        assert sees == ["goodbye"]
        assert host.timer == clock() + 9
        size = 0
        while not host.closed:
            size += len(receive(theirs))
            host.settle()
        assert size + len(receive(theirs)) == 1_000_000
        assert chat.closed
        assert sees == ["goodbye", "ended"]
        assert host.watched is host.timer is None


def test_orderly_end_has_a_limit(clock: FakeClock) -> None:
    with EventLoop(clock=clock, debug=True) as loop, pair() as (ours, _):
        host = TestHost(loop)
        chat = AsyncChat(loop, ours)
        chat.push(b"x" * 10_000_000)
        loop.stop(grace=9)
        host.settle()
        clock.advance(9)
        host.settle()
        assert host.closed
        assert chat.closed


def test_a_stopped_loop_can_be_a_guest_again(host: TestHost) -> None:
    host.loop.stop()
    host.settle()
    assert host.closed
    sees = Sees()
    again = TestHost(host.loop)
    host.loop.call_soon(sees.note("called"))
    again.settle()
    assert sees == ["called"]
    assert not again.closed


@pytest.mark.parametrize("who", ["guest", "loop"])
def test_closing_leaves_the_host(who: str) -> None:
    with EventLoop(debug=True) as loop:
        host = TestHost(loop)
        loop.call_later(5, fail)
        host.settle()
        (host if who == "guest" else loop).close()
        assert host.closed
        assert host.watched is host.timer is None
        host.close()
        host.step()  # a call that was on its way


def test_closing_from_inside_a_step(host: TestHost) -> None:
    host.loop.call_soon(host.close)
    host.settle()
    assert host.watched is host.timer is None


def test_exit_of_the_program_leaves_the_guest_in_order(host: TestHost) -> None:
    def leave() -> None:
        raise SystemExit

    sees = Sees()
    host.loop.call_soon(leave)
    host.loop.call_soon(sees.note("after it"))
    with pytest.raises(SystemExit):
        host.settle()
    host.settle()
    assert sees == ["after it"]


def test_host_that_runs_inside_a_handler(host: TestHost) -> None:
    """A modal dialog: the guest waits until it is over, and the host does not spin."""
    seen: list[object] = []

    def dialog() -> None:
        host.loop.call_soon(seen.append, "afterwards")
        host.loop._waker.wake()
        seen.append(host.due())
        host.step()
        seen.append(host.due())

    host.loop.call_soon(dialog)
    host.settle()
    assert seen == [True, False, "afterwards"]
    assert host.watched is not None


# -- who cannot be a guest -----------------------------------------------------------------------


def test_one_host_is_enough(host: TestHost) -> None:
    with pytest.raises(RuntimeError, match="a guest already"):
        TestHost(host.loop)
    assert not host.closed


@pytest.mark.parametrize("kind", [PollSelector, ScriptedSelector, selectors.SelectSelector])
def test_selector_without_descriptor(kind: type[selectors.BaseSelector]) -> None:
    with (
        EventLoop(selector=kind()) as loop,
        pytest.raises(RuntimeError, match=f"{kind.__name__} has no descriptor .* epoll or kqueue"),
    ):
        TestHost(loop)


def test_stock_selector_with_descriptor() -> None:
    with EventLoop(selector=selectors.EpollSelector(), debug=True) as loop, pair() as (ours, them):
        host = TestHost(loop)
        channel = Recording(loop, ours)
        host.settle()
        assert not host.due()
        them.send(b"!")
        host.settle()
        assert channel.data == b"!"


def test_closed_loop_is_no_guest() -> None:
    loop = EventLoop()
    loop.close()
    with pytest.raises(RuntimeError, match="closed"):
        TestHost(loop)


def test_another_thread_is_refused_between_steps(host: TestHost) -> None:
    refused: list[str] = []

    def stranger() -> None:
        try:
            host.loop.call_soon(fail)
        except RuntimeError as error:
            refused.append(str(error))

    thread = threading.Thread(target=stranger)
    thread.start()
    thread.join()
    assert ["call_soon_threadsafe" in words for words in refused] == [True]


def test_a_loop_on_its_own_pays_nothing() -> None:
    with EventLoop(debug=True) as loop:
        loop.run_once(0)
        loop.call_soon(int)
        assert not loop._waker._pending


def test_the_four_methods_must_be_there(host: TestHost) -> None:
    with EventLoop() as loop, pytest.raises(NotImplementedError, match="watch"):
        Guest(loop)
    for method, argument in ((Guest.unwatch, 0), (Guest.call_later, 0), (Guest.cancel, 0)):
        with pytest.raises(NotImplementedError, match=method.__name__):
            method(host, argument)


def test_a_fork_does_not_keep_a_rebuilt_set_awake() -> None:
    """The child's copy of the old set must not stay inside the one that the host watches."""
    with closing(EpollSelector()) as selector, pair() as (ours, theirs):
        outer = selector.outer_fileno()
        selector.register(ours, selectors.EVENT_READ)
        copy = os.dup(selector.fileno())  # what a fork would have
        selector._rebuild("a test says so")
        theirs.send(b"!")
        selector.unregister(ours)
        assert not select.select([outer], [], [], 0)[0]
        os.close(copy)


# -- the guests that we bring ---------------------------------------------------------------------


class FakeReactor:
    """What a reactor does for its readers and delayed calls; Twisted's own is tried elsewhere."""

    def __init__(self) -> None:
        self.readers: list[TwistedGuest] = []
        self.calls: list[FakeCall] = []

    def addReader(self, reader: TwistedGuest) -> None:
        self.readers.append(reader)

    def removeReader(self, reader: TwistedGuest) -> None:
        self.readers.remove(reader)

    def callLater(self, seconds: float, call: Callable[[], None]) -> "FakeCall":
        self.calls.append(FakeCall(seconds, call))
        return self.calls[-1]


class FakeCall:
    def __init__(self, seconds: float, call: Callable[[], None]) -> None:
        self.seconds = seconds
        self.call: Callable[[], None] | None = call

    def active(self) -> bool:
        return self.call is not None

    def cancel(self) -> None:
        assert self.call is not None, "Twisted refuses to cancel what was called"
        self.call = None

    def fire(self) -> None:
        call, self.call = self.call, None
        assert call is not None
        call()


def test_twisted_guest(clock: FakeClock) -> None:
    sees, reactor = Sees(), FakeReactor()
    with EventLoop(clock=clock, debug=True) as loop:
        guest = TwistedGuest(loop, reactor, on_end=sees.note("ended"))
        assert reactor.readers == [guest]
        assert guest.fileno() == loop.fileno()
        assert guest.logPrefix() == "miniloop"
        loop.call_later(5, sees.note("timer"))
        guest.doRead()
        (first,) = reactor.calls
        assert first.seconds == 5
        guest.doRead()
        assert not first.active()
        clock.advance(5)
        reactor.calls[-1].fire()
        assert sees == ["timer"]
        loop.stop()
        guest.doRead()
        assert sees == ["timer", "ended"]
        assert reactor.readers == []


def test_twisted_reactor_that_ends() -> None:
    reactor = FakeReactor()
    with EventLoop(debug=True) as loop:
        guest = TwistedGuest(loop, reactor)
        guest.connectionLost("clean")
        assert guest.closed
        assert reactor.readers == []
