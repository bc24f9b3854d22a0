"""A loop that is stepped by another one: what demands a step, and what does not."""

import logging
import socket
import tempfile
import threading
from collections.abc import Callable

import pytest

from miniloop import AsyncChat, Dispatcher, EventLoop, FileDispatcher, Guest
from miniloop.testing import FakeClock
from miniloop.trace import inspection
from tests.doubles import Sees, fail
from tests.driving import Lines, Recording, pair, receive, tcp_pair
from tests.hosts.stepping import SteppingHost, make_stale

pytestmark = pytest.mark.needs("guests")


def test_an_idle_guest_is_left_alone(host: SteppingHost, clock: FakeClock) -> None:
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
        host = SteppingHost(loop)
        host.settle()
        assert receive(theirs) == b"hello\n"
        assert sees == ["called"]
        theirs.send(b"answer\n")
        host.settle()
        assert chat.lines == [b"answer"]


def asked_for(step: str, channel: "Asked") -> Callable[[], object]:
    """What the host's own code may ask of the loop between two steps."""
    loop = channel.loop
    (registration,) = inspection.registrations(loop)
    steps: dict[str, Callable[[], object]] = {
        "call_soon": lambda: loop.call_soon(int),
        "call_soon_threadsafe": lambda: loop.call_soon_threadsafe(int),
        "call_later": lambda: loop.call_later(1, int),
        "call_at": lambda: loop.call_at(0, int),
        "flush_soon": lambda: loop.flush_soon(channel),
        "interest_changed": lambda: loop.registry.interest_changed(registration),
        "unregister": lambda: loop.registry.unregister(registration),
        "stop": loop.stop,
        "register": lambda: Recording(loop).create_socket(),
        "pause": channel.pause_reading,
        "idle": lambda: channel.set_idle_timeout(5),
        "close": channel.close,
        "end": channel.end,
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
    ],
)  # fmt: skip
def test_whatever_the_host_asks_for_demands_a_step(
    host: SteppingHost, step: str, kind: type[Asked]
) -> None:
    with pair() as (ours, _):
        channel = kind(host.loop, ours)
        host.settle()
        assert not host.due()
        asked_for(step, channel)()
        assert host.due()
        host.settle()
        assert not host.due()


def test_asked_channel_is_heard_after_it_announced(host: SteppingHost) -> None:
    with pair() as (ours, theirs):
        channel = Asked(host.loop, ours)
        theirs.send(b"!")
        host.settle()
        channel.wants = True
        channel.interest_changed()
        host.settle()
        assert not channel.wants


def test_pushing_from_the_host_is_one_write_a_step(host: SteppingHost) -> None:
    with pair() as (ours, theirs):
        chat = AsyncChat(host.loop, ours)
        host.settle()
        for _ in range(1000):
            chat.push(b"line\n")
        host.settle()
        assert receive(theirs) == b"line\n" * 1000


def test_what_a_step_leaves_behind_is_due_at_once(host: SteppingHost) -> None:
    sees = Sees()
    host.loop.call_soon(lambda: host.loop.call_soon(lambda: host.loop.call_soon(sees.note("3"))))
    host.settle()
    assert sees == ["3"]


def test_the_timer_follows_ours(host: SteppingHost, clock: FakeClock) -> None:
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


def test_a_host_that_is_early_does_not_step_in_a_hot_loop(
    host: SteppingHost, clock: FakeClock
) -> None:
    host.loop.call_later(1, int)
    host.settle()
    clock.advance(0.9999)
    host.step()
    assert host.timer == clock() + 0.001


def test_a_file_is_always_ready(host: SteppingHost) -> None:
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
    host: SteppingHost, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "miniloop")
    with pair() as (ours, theirs):
        channel = Recording(host.loop, ours)
        host.settle()
        make_stale(host.loop.registry.selector)
        assert host.loop.stepper().fileno() == host.watched
        assert not host.due()
        theirs.send(b"!")
        host.settle()
        assert channel.data == b"!"
    assert "rebuilding the epoll set" in caplog.text


def test_host_that_runs_inside_a_handler(host: SteppingHost) -> None:
    """A modal dialog: the guest waits until it is over, and the host does not spin."""
    seen: list[object] = []

    def dialog() -> None:
        host.loop.call_soon(seen.append, "afterwards")
        host.loop.call_soon_threadsafe(int)
        seen.append(host.due())
        host.step()
        host.step()  # one that was on its way
        seen.append(host.due())

    host.loop.call_soon(dialog)
    host.settle()
    assert seen == [True, False, "afterwards"]
    assert host.watched is not None


def test_one_host_is_enough(host: SteppingHost) -> None:
    with pytest.raises(RuntimeError, match="a guest already"):
        SteppingHost(host.loop)
    assert not host.closed


def test_another_thread_is_refused_between_steps(host: SteppingHost) -> None:
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


def test_a_guest_in_a_forked_child_leaves_the_host_alone(host: SteppingHost) -> None:
    """The host's kernel objects are the parent's too."""
    host.loop.call_later(5, fail)
    host.settle()
    host.after_fork()
    assert host.closed
    assert host.watched is not None
    assert host.timer is not None
    assert host not in host.loop.background
    host.close()
    host.step()
    assert host.watched is not None


def test_a_guest_keeps_no_loop_running(host: SteppingHost) -> None:
    assert not host.busy()


def test_the_four_methods_must_be_there(host: SteppingHost) -> None:
    with EventLoop() as loop, pytest.raises(NotImplementedError, match="watch"):
        Guest(loop)
    for method, argument in ((Guest.unwatch, 0), (Guest.call_later, 0), (Guest.cancel, 0)):
        with pytest.raises(NotImplementedError, match=method.__name__):
            method(host, argument)


def test_sources_empty_messages_and_options_in_a_guest(host: SteppingHost) -> None:
    ours, theirs = tcp_pair()
    with theirs:
        theirs.setblocking(False)
        chat = Lines(host.loop, ours)
        assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        chat.push(iter([b"one ", b"two"]))  # from the host's own code
        chat.set_terminator(0)
        assert host.due()
        host.settle()
        assert (receive(theirs), chat.lines) == (b"one two", [b""])
        assert not host.due()
