"""A traced loop does what an untraced one does, and reports it."""

import gc
import socket
import sys
import weakref
from collections.abc import Callable
from functools import partial

import pytest

from miniloop import AsyncChat, Dispatcher, EventLoop, Job, Listener, ThreadPool, Trace
from miniloop.readiness import HANGUP, READ, URGENT, WRITE, Registration
from miniloop.testing import FakeClock, ScriptedSelector
from miniloop.timers import Handle
from miniloop.trace import install, installed, remove
from miniloop.trace.hooks import HOOKS, Counts, callback_name
from tests.doubles import FakeChannel, fail
from tests.driving import Lines, Recording, pair, run_until, settle


class Diary(Trace):
    """Notes every hook, with what tells the most."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def note(self, *words: object) -> None:
        self.told.append(" ".join(map(str, words)))

    def before_pass(self, counts: Counts) -> None:
        self.note("pass", *counts)

    def stage(self, name: str) -> None:
        self.note("stage", name)

    def after_pass(self) -> None:
        self.note("passed")

    def before_wait(self, timeout: float | None) -> None:
        self.note("wait", timeout)

    def after_wait(self, events: int) -> None:
        self.note("waited", events)

    def before_delivery(self, registration: Registration, ready: int) -> None:
        self.note("deliver", registration.fd, ready)

    def after_delivery(self, registration: Registration) -> None:
        self.note("delivered", registration.fd)

    def before_handler(self, registration: Registration, name: str) -> None:
        self.note(name, registration.fd)

    def after_handler(self, registration: Registration, name: str) -> None:
        self.note("end of", name, registration.fd)

    def before_callback(self, handle: Handle) -> None:
        self.note("call", callback_name(handle))

    def after_callback(self, handle: Handle) -> None:
        self.note("called")

    def opened(self, registration: Registration) -> None:
        self.note("opened", registration.fd)

    def closed(self, registration: Registration) -> None:
        self.note("closed", registration.fd)

    def scheduled(self, work: object) -> None:
        self.note("soon", callback_name(work) if isinstance(work, Handle) else work)

    def loop_closed(self) -> None:
        self.note("end")


class Bytes(Trace):
    """Notes what is queued, sent and received."""

    def __init__(self) -> None:
        self.told: list[tuple[str, object, int]] = []

    def pushed(self, registration: Registration, size: int) -> None:
        self.told.append(("pushed", registration.channel, size))

    def received(self, registration: Registration, size: int) -> None:
        self.told.append(("received", registration.channel, size))

    def sent(self, registration: Registration, size: int) -> None:
        self.told.append(("sent", registration.channel, size))


def begin(
    trace: Trace | None, *, debug: bool = False, slow: float | None = None
) -> tuple[EventLoop, ScriptedSelector]:
    clock = FakeClock()
    selector = ScriptedSelector(clock)
    loop = EventLoop(selector=selector, clock=clock, debug=debug, slow=slow)
    if trace is not None:
        install(loop, trace)
    return loop, selector


def test_every_hook_is_told_in_order() -> None:
    diary = Diary()
    loop, selector = begin(diary)
    own = next(iter(loop.registry.registrations))
    with loop:
        channel = FakeChannel(fd=7)
        channel.join(loop)
        channel.on["read"] = lambda: loop.flush_soon(channel)
        loop.run_once(0)
        assert diary.told == [
            f"opened {own}", "opened 7",
            "pass 1 2 0 0 0", "stage refresh", "stage wait", "wait 0", "waited 0", "passed",
        ]  # fmt: skip
        diary.told.clear()
        loop.call_later(1, plain)
        selector.script((7, READ))
        loop.run_once()
        loop.call_soon(plain)
        loop.call_soon(plain).cancel()
        loop.run_once()
        loop.run_once()
        channel.close()
    assert diary.told == [
        "pass 1 0 0 1 0", "stage refresh", "stage wait", "wait 1.0", "waited 1", "stage deliver",
        "deliver 7 1", "handle_read 7", "end of handle_read 7", "delivered 7", "passed",
        "soon plain", "soon plain",
        "pass 1 0 1 1 2", "stage refresh", "flush 7", "end of flush 7", "stage wait", "wait 0",
        "waited 0", "stage callbacks", "call plain", "called", "passed",
        "pass 1 0 0 1 0", "stage refresh", "stage wait", "wait 1.0", "waited 0", "stage timers",
        "call plain", "called", "passed",
        "closed 7", f"closed {own}", "end",
    ]  # fmt: skip


def plain() -> None:
    """Be a callback."""


def test_a_trace_may_come_and_go() -> None:
    diary = Diary()
    loop, _ = begin(None)
    with loop:
        FakeChannel(fd=7).join(loop)
        loop.run_once(0)
        install(loop, diary)
        assert installed(loop) == [diary]
        assert diary.told[-1] == "opened 7"
        loop.run_once(0)
        remove(loop, diary)
        told = [*diary.told]
        assert told[-1] == "passed"
        loop.run_once(0)
    assert diary.told == told


def test_several_hooks_are_called_in_the_order_of_their_installing() -> None:
    loop, _ = begin(None)
    order: list[str] = []

    class Named(Trace):
        def __init__(self, name: str) -> None:
            self.name = name

        def after_pass(self) -> None:
            order.append(self.name)

    first, second, third = Named("first"), Named("second"), Named("third")
    with loop:
        for hooks in (first, second, third):
            install(loop, hooks)
        assert installed(loop) == [first, second, third]
        loop.run_once(0)
        assert order == ["first", "second", "third"]
        order.clear()
        remove(loop, second)
        remove(loop, second)
        loop.run_once(0)
        assert order == ["first", "third"]


def test_removing_from_a_loop_without_a_trace_is_harmless() -> None:
    loop, _ = begin(None)
    with loop:
        remove(loop, Trace())
        assert installed(loop) == []


def test_a_closed_loop_takes_no_hooks() -> None:
    loop, _ = begin(None)
    loop.close()
    with pytest.raises(RuntimeError, match="the loop is closed"):
        install(loop, Trace())


def test_a_trace_does_not_keep_a_closed_loop_alive() -> None:
    loop, _ = begin(Diary())
    loop.close()
    gone = weakref.ref(loop)
    del loop
    gc.collect()
    assert gone() is None


def test_hooks_installed_on_one_loop_hear_nothing_of_another() -> None:
    loop, _ = begin(diary := Diary())
    other, _ = begin(None)
    with loop, other:
        told = [*diary.told]
        FakeChannel(fd=7).join(other)
        other.run_once(0)
        assert diary.told == told


def test_a_handler_may_end_the_trace() -> None:
    diary = Diary()
    loop, selector = begin(diary)

    def end() -> None:
        remove(loop, diary)

    with loop:
        channel = FakeChannel(fd=7)
        channel.on["read"] = end
        channel.join(loop)
        loop.run_once(0)
        loop.call_soon(plain)
        selector.script((7, READ))
        loop.run_once(0)
    assert diary.told[-1] == "passed"
    assert channel.calls == ["read", "close"]


@pytest.mark.parametrize("hook", ["opened", "closed", "before_pass", "stage"])
def test_a_hook_may_remove_itself(hook: str) -> None:
    loop, _ = begin(None)
    hooks = Trace()
    calls: list[str] = []

    def called(about: object) -> None:
        if getattr(about, "fd", 7) == 7:
            calls.append(hook)
            remove(loop, hooks)

    setattr(hooks, hook, called)
    with loop:
        install(loop, hooks)
        channel = FakeChannel(fd=7)
        channel.join(loop)
        loop.run_once(0)
        loop.run_once(0)
        channel.close()
    assert calls == [hook]
    assert not replaced(loop)


def test_untraced_loop_has_nothing_in_the_way() -> None:
    """What runs is the very code of loop.py and registry.py, before a trace and after it."""
    loop, _ = begin(None)
    hooks = Trace()
    with loop:
        assert not replaced(loop)
        install(loop, hooks)
        assert replaced(loop)
        remove(loop, hooks)
        assert not replaced(loop)
        install(loop, hooks)
    assert not replaced(loop)


def replaced(loop: EventLoop) -> set[str]:
    """Return the methods of a loop and its registry that something else stands in for."""
    objects: tuple[object, ...] = (loop, loop.registry)
    return {
        name for each in objects for name in vars(each) if callable(getattr(type(each), name, None))
    }


@pytest.mark.parametrize("ready", [READ, WRITE, READ | WRITE, READ | WRITE | URGENT | HANGUP])
@pytest.mark.parametrize("polled", [False, True])
@pytest.mark.parametrize(
    ("where", "what"),
    [("", None), ("read", "fail"), ("read", "close"), ("write", "fail"), ("read", "unwant"),
     ("interest", "fail"), ("flush", "fail"), ("flush", "close")],
)  # fmt: skip
def test_a_traced_loop_does_what_a_plain_one_does(
    ready: int, polled: bool, where: str, what: str | None
) -> None:
    seen = []
    audited = where != "interest"  # debug mode asks everybody, and would be the first to fail
    for trace, debug in ((None, False), (Diary(), False), (None, audited)):
        loop, selector = begin(trace, debug=debug, slow=1.0)
        with loop:
            channel = FakeChannel(fd=7, wants=READ | WRITE | URGENT)
            other = FakeChannel(fd=8)
            channel.join(loop, polled=polled)
            other.join(loop)
            loop.run_once(0)
            if what == "fail":
                channel.on[where] = fail
            elif what == "close":
                channel.on[where] = channel.close
            elif what == "unwant":
                channel.on[where] = partial(channel.want, 0)
            loop.flush_soon(channel)
            selector.script((7, ready), (8, READ))
            loop.call_soon(fail)
            loop.run_once(0)
            loop.run_once(0)
        seen.append((channel.calls, other.calls, selector.calls, selector.timeouts))
    assert seen[0] == seen[1] == seen[2]


def test_a_failing_wait_is_over_too() -> None:
    diary = Diary()
    loop, _ = begin(diary)
    with loop:
        with pytest.raises(RuntimeError, match="without end"):
            loop.run_once()
        assert diary.told[-2:] == ["waited 0", "passed"]


def test_output_is_kept_when_an_interrupt_passes_a_traced_flush() -> None:
    loop, _ = begin(Diary())
    channels = [FakeChannel(fd=fd) for fd in (7, 8, 9)]
    with loop:
        for channel in channels:
            channel.join(loop)
            loop.flush_soon(channel)
        channels[1].on["flush"] = interrupt
        with pytest.raises(KeyboardInterrupt):
            loop.run_once(0)
        assert [channel.calls for channel in channels] == [["flush"], ["flush"], []]
        channels[1].on.clear()
        loop.run_once(0)
        assert [channel.calls for channel in channels] == [["flush"], ["flush"] * 2, ["flush"]]


def interrupt() -> None:
    """Be Ctrl-C in the middle of a handler."""
    raise KeyboardInterrupt


def test_a_channel_that_has_left_is_flushed_without_a_row() -> None:
    loop, _ = begin(diary := Diary())
    with loop:
        channel = FakeChannel(fd=7)
        channel.join(loop)
        loop.flush_soon(channel)
        channel._leave_()
        channel.fd = -1
        loop.run_once(0)
    assert channel.calls == ["flush"]
    assert not any("flush" in told for told in diary.told)


def test_a_cancelled_callback_is_not_reported() -> None:
    loop, _ = begin(diary := Diary())
    with loop:
        loop.call_later(0, plain).cancel()
        loop.call_soon(plain).cancel()
        loop.run_once(0)
    assert "call plain" not in diary.told
    assert "called" not in diary.told


def test_all_handlers_have_their_names(loop: EventLoop) -> None:
    install(loop, diary := Diary())
    listener = Listener(loop, ("127.0.0.1", 0), Recording)
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = Dispatcher(loop)
        client.create_socket()
        client.connect(server.getsockname())
        run_until(loop, lambda: client.connected)
    with socket.create_connection(listener.address):
        run_until(loop, lambda: any("handle_accept" in told for told in diary.told))
    assert any("handle_connect" in told for told in diary.told)


def test_bytes_are_told(loop: EventLoop) -> None:
    install(loop, told := Bytes())
    with pair() as (ours, theirs):
        lines = Lines(loop, ours)
        theirs.send(b"hello\n")
        settle(loop)
        lines.push(b"world!")
        lines.push_with_producer(Once(b"more"))
        settle(loop)
        assert theirs.recv(100) == b"world!more"
    mine = [(what, size) for what, channel, size in told.told if channel is lines]
    assert mine == [("received", 6), ("pushed", 6), ("pushed", 0), ("sent", 10)]


class Once:
    def __init__(self, data: bytes) -> None:
        self.data = data

    def more(self) -> bytes:
        data, self.data = self.data, b""
        return data


def test_jobs_are_told(loop: EventLoop) -> None:
    install(loop, diary := Diary())
    pool = ThreadPool(loop, threads=1)
    done: list[Job[int]] = []
    job = pool.submit(int, on_done=done.append)
    assert diary.told[-1].startswith("soon <Job ")
    run_until(loop, lambda: done)
    assert done == [job]
    remove(loop, diary)
    pool.submit(int)
    loop.scheduled(job)  # reported to no hooks
    assert diary.told[-1] != f"soon {job}"


def test_datagrams_are_told(loop: EventLoop) -> None:
    install(loop, told := Bytes())
    one, other = Datagrams(loop), Datagrams(loop)
    for each in (one, other):
        each.create_socket(socket.AF_INET, socket.SOCK_DGRAM)
        each.bind(("127.0.0.1", 0))
    one.sendto(b"hello", other.socket.getsockname())
    run_until(loop, lambda: other.got)
    one.close()
    other.close()
    assert told.told == [("sent", one, 5), ("received", other, 5)]


class Datagrams(Dispatcher):
    got = b""

    def handle_read(self) -> None:
        self.got, _ = self.recvfrom()


def test_channels_get_their_own_back(loop: EventLoop) -> None:
    with pair() as (ours, _):
        chat = AsyncChat(loop, ours)
        install(loop, hooks := Bytes())
        assert type(ours) is not socket.socket
        assert isinstance(ours, socket.socket)
        assert "push" in vars(chat)
        remove(loop, hooks)
        assert type(ours) is socket.socket
        assert "push" not in vars(chat)
        install(loop, Bytes())
        chat.close()
        assert "push" not in vars(chat)


def test_a_trace_without_bytes_leaves_channels_alone(loop: EventLoop) -> None:
    install(loop, Diary())
    with pair() as (ours, _):
        chat = AsyncChat(loop, ours)
        assert type(ours) is socket.socket
        assert "push" not in vars(chat)
        chat.close()


def test_a_peek_is_no_receiving(loop: EventLoop) -> None:
    install(loop, told := Bytes())
    with pair() as (ours, theirs):
        lines = Lines(loop, ours)
        theirs.send(b"hello\n")
        assert lines.socket.recv(1, socket.MSG_PEEK) == b"h"
        assert told.told == []
        lines.close()


def test_diary_has_every_hook() -> None:
    """So the tests above miss none."""
    own = {*vars(Diary), *vars(Bytes)}
    assert set(HOOKS) <= own


def test_an_untraced_pass_makes_no_call_for_traces() -> None:
    """The calls of one delivered READ: selector, handler, and nothing of tracing."""
    assert calls_of_a_pass(None) == [
        "_pass", "_refresh", "_wait", "_timeout", "_time_to_next", "__len__", "select", "_deliver",
        "handle_read", "__len__",
    ]  # fmt: skip
    assert len(calls_of_a_pass(Trace())) > 10


def calls_of_a_pass(trace: Trace | None) -> list[str]:
    calls: list[str] = []
    loop, selector = begin(trace)
    with loop:
        channel = Silent(fd=7)
        channel.join(loop)
        loop.run_once(0)
        selector.script((7, READ))

        def note(frame: object, event: str, arg: object) -> None:
            if event == "call":
                calls.append(frame.f_code.co_name)  # type: ignore[attr-defined]  # a frame

        before: Callable[..., object] | None = sys.getprofile()
        gc.disable()  # whoever watches the collector would be noted as well
        sys.setprofile(note)
        try:
            loop._pass(0)
        finally:
            sys.setprofile(before)
            gc.enable()
    return [name for name in calls if name[:1] != "<"]


class Silent(FakeChannel):
    def handle_read(self) -> None:
        """Do nothing, not even note it."""
