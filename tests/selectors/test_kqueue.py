"""`KqueueSelector`: the changes that it sends, and a loop on it.

What it reports is in `test_selector.py`, with the other selectors.
"""

import math
import os
import selectors
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from miniloop import AsyncChat, EventLoop, FileDispatcher, Guest
from miniloop.readiness import HANGUP, READ, WRITE
from miniloop.selectors import KqueueSelector
from tests.driving import Lines, pair, receive, run_until, settle
from tests.selectors.kqueue import Kevent, Select

FD = 177

ADD, DELETE, CLEAR = Select.KQ_EV_ADD, Select.KQ_EV_DELETE, Select.KQ_EV_CLEAR
ADD_READ = Kevent(FD, Select.KQ_FILTER_READ, ADD)
ADD_END = Kevent(FD, Select.KQ_FILTER_READ, ADD | CLEAR, Select.KQ_NOTE_LOWAT, 2**31 - 1)
ADD_WRITE = Kevent(FD, Select.KQ_FILTER_WRITE, ADD)
DELETE_READ = Kevent(FD, Select.KQ_FILTER_READ, DELETE)
DELETE_WRITE = Kevent(FD, Select.KQ_FILTER_WRITE, DELETE)


@pytest.fixture
def system() -> Select:
    return Select()


@pytest.fixture
def selector(system: Select) -> Iterator[KqueueSelector]:
    with closing(KqueueSelector(system)) as selector:
        yield selector


@pytest.fixture
def theirs() -> Iterator[socket.socket]:
    """The peer of the socket on descriptor `FD`."""
    ours, theirs = socket.socketpair()
    os.dup2(ours.fileno(), FD)
    ours.close()
    with theirs:
        yield theirs
    os.close(FD)


def sent(system: Select) -> list[object]:
    """Return the lists of changes since the last time."""
    calls, system.calls = system.calls, []
    return calls


# -- which changes are sent -----------------------------------------------------------------------

CHANGES = [
    (0, READ, [ADD_READ]),
    (0, WRITE, [ADD_WRITE]),
    (0, HANGUP, [ADD_END]),
    (0, READ | WRITE, [ADD_READ, ADD_WRITE]),
    (0, READ | HANGUP, [ADD_READ]),
    (0, WRITE | HANGUP, [ADD_END, ADD_WRITE]),
    (READ, READ | WRITE, [ADD_WRITE]),
    (READ | WRITE, READ, [DELETE_WRITE]),
    (READ, WRITE, [DELETE_READ, ADD_WRITE]),
    (READ, READ | HANGUP, []),
    (READ, HANGUP, [DELETE_READ, ADD_END]),
    (HANGUP, READ, [DELETE_READ, ADD_READ]),
    (HANGUP, HANGUP | WRITE, [ADD_WRITE]),
    (READ | WRITE, HANGUP | WRITE, [DELETE_READ, ADD_END]),
    (READ | WRITE, 0, [DELETE_READ, DELETE_WRITE]),
    (HANGUP, 0, [DELETE_READ]),
    (WRITE, 0, [DELETE_WRITE]),
    (READ, READ, []),
]


@pytest.mark.parametrize(("before", "after", "changes"), CHANGES)
def test_only_what_differs_is_sent_each_in_a_call(
    selector: KqueueSelector,
    system: Select,
    theirs: socket.socket,
    before: int,
    after: int,
    changes: list[Kevent],
) -> None:
    if before:
        selector.register(FD, before)
    sent(system)
    if not before:
        selector.register(FD, after)
    elif after:
        selector.modify(FD, after)
    else:
        selector.unregister(FD)
    calls = sent(system)
    assert all([change] in calls for change in changes)
    assert len(calls) == len(changes)
    assert calls == sorted(calls, key=deletes_first)


def deletes_first(call: object) -> bool:
    assert isinstance(call, list)
    return not call[0].flags & DELETE


def test_there_is_room_for_two_events_a_descriptor(
    selector: KqueueSelector, system: Select, theirs: socket.socket
) -> None:
    selector.register(FD, READ)
    sent(system)
    selector.select(0.001)
    assert sent(system) == [(2, 0.001)]


@pytest.mark.parametrize(
    ("timeout", "asked"), [(None, None), (-1, 0), (0, 0), (1.5, 1.5), (1e9, 86_400)]
)
def test_how_long_it_is_to_wait(
    selector: KqueueSelector,
    system: Select,
    theirs: socket.socket,
    timeout: float | None,
    asked: float | None,
) -> None:
    selector.register(FD, WRITE)
    sent(system)
    selector.select(timeout)
    assert sent(system) == [(2, asked)]


def test_nothing_registered_still_waits(selector: KqueueSelector, system: Select) -> None:
    """A kevent() without room for an event would return at once."""
    selector.select(0.001)
    assert sent(system) == [(1, 0.001)]


def test_a_file_is_not_shown_to_the_kernel(
    selector: KqueueSelector, system: Select, tmp_path: Path
) -> None:
    with (tmp_path / "file").open("w") as file:
        selector.register(file, WRITE)
        selector.modify(file, READ)
        assert sent(system) == []
        assert [bits for _, bits in selector.select(None)] == [READ]
        assert sent(system) == [(2, 0)]
        selector.unregister(file)
    assert sent(system) == []


def test_at_the_end_an_ordinary_filter_takes_over(
    selector: KqueueSelector, system: Select, theirs: socket.socket
) -> None:
    selector.register(FD, HANGUP)
    theirs.shutdown(socket.SHUT_WR)
    sent(system)
    for _ in range(3):
        assert [bits for _, bits in selector.select(None)] == [HANGUP]
    assert sent(system) == [(2, None), [DELETE_READ], [ADD_READ], (2, None), (2, None)]
    selector.modify(FD, HANGUP | WRITE)
    assert sent(system) == [[ADD_WRITE]]
    assert [bits for _, bits in selector.select(None)] == [HANGUP | WRITE]
    selector.modify(FD, READ)
    selector.unregister(FD)
    assert selector.select(0) == []


@pytest.mark.parametrize("before", [0, HANGUP])
def test_a_filter_that_is_refused_leaves_none_behind(
    selector: KqueueSelector, system: Select, theirs: socket.socket, before: int
) -> None:
    if before:
        selector.register(FD, before)
    system.refused = Select.KQ_FILTER_WRITE
    theirs.send(b"x")
    with pytest.raises(OSError, match="no memory for a filter"):
        (selector.modify if before else selector.register)(FD, READ | WRITE)
    assert selector.select(0) == []
    if before:
        assert selector.unregister(FD).events == before
    assert not selector.get_map()
    selector.register(FD, READ)
    assert [bits for _, bits in selector.select(0)] == [READ]


def test_darwin_reports_a_full_buffer_once(system: Select, theirs: socket.socket) -> None:
    system.buffer = 4096
    with closing(KqueueSelector(system)) as selector:
        selector.register(FD, HANGUP)
        theirs.send(b"x" * 5000)
        for _ in range(3):
            assert selector.select(0) == []
        assert [(event.flags, event.data) for event in system.reported] == [(CLEAR, 5000)]
        theirs.shutdown(socket.SHUT_WR)
        assert [bits for _, bits in selector.select(None)] == [HANGUP]


def test_elsewhere_unread_data_is_not_reported_at_all(
    selector: KqueueSelector, system: Select, theirs: socket.socket
) -> None:
    selector.register(FD, HANGUP)
    theirs.send(b"x" * 5000)
    assert selector.select(0) == []
    assert system.reported == []


# -- a loop on it ---------------------------------------------------------------------------------


@pytest.fixture(params=[math.inf, 1], ids=["bsd", "darwin"])
def loop(request: pytest.FixtureRequest) -> Iterator[EventLoop]:
    with EventLoop(selector=KqueueSelector(Select(buffer=request.param)), debug=True) as loop:
        yield loop


class Echo(AsyncChat):
    def __init__(self, loop: EventLoop, sock: socket.socket) -> None:
        super().__init__(loop, sock)
        self.line = b""
        self.set_terminator(b"\n")

    def collect_incoming_data(self, data: bytes) -> None:
        self.line += data

    def found_terminator(self) -> None:
        line, self.line = self.line, b""
        self.push(line + b"\n")


def test_echo(loop: EventLoop) -> None:
    line = b"x" * 30_000 + b"\n"
    with pair() as (ours, theirs):
        chat, answer, left = Echo(loop, ours), b"", line * 30
        while len(answer) < 30 * len(line):
            if left:
                left = left[theirs.send(left) :] if can_send(theirs) else left
            loop.run_once(0)
            answer += receive(theirs)
        assert answer == line * 30
        theirs.close()
        run_until(loop, lambda: chat.closed)


def can_send(sock: socket.socket) -> bool:
    with selectors.DefaultSelector() as poll:
        poll.register(sock, selectors.EVENT_WRITE)
        return bool(poll.select(0))


def test_paused_channel_notices_the_end(loop: EventLoop) -> None:
    with pair() as (ours, theirs):
        chat = Lines(loop, ours)
        chat.pause_reading()
        settle(loop)
        theirs.shutdown(socket.SHUT_WR)
        settle(loop)
        assert chat.closed
        assert chat.seen == ["close"]


def test_paused_channel_keeps_what_is_unread_before_the_end(loop: EventLoop) -> None:
    with pair() as (ours, theirs):
        chat = Lines(loop, ours)
        chat.pause_reading()
        settle(loop)
        theirs.send(b"unread\n")
        settle(loop)
        theirs.shutdown(socket.SHUT_WR)
        settle(loop)
        assert chat.seen == []
        chat.resume_reading()
        settle(loop)
        assert (chat.lines, chat.seen) == ([b"unread"], ["close"])


def test_a_paused_channel_with_unread_data_does_not_spin(loop: EventLoop) -> None:
    with pair() as (ours, theirs):
        chat = Lines(loop, ours)
        chat.pause_reading()
        theirs.send(b"unread\n")
        settle(loop)
        fired: list[bool] = []
        loop.call_later(0.01, fired.append, True)
        passes = run_until(loop, lambda: fired)
        assert passes < 10
        assert not chat.closed


class Host(Guest):
    """A host that makes only the steps that are due."""

    watched = False
    due = False

    def watch(self, fd: int) -> None:
        self.watched = True

    def unwatch(self, fd: int) -> None:
        self.watched = False

    def call_later(self, seconds: float) -> object:
        self.due = seconds == 0
        return self

    def cancel(self, timer: object) -> None:
        self.due = False

    def settle(self) -> int:
        """Step until no step is due; return the number of steps."""
        with selectors.DefaultSelector() as poll:
            poll.register(self.fileno(), selectors.EVENT_READ)
            for steps in range(100):
                if not (self.due or (self.watched and poll.select(0))):
                    return steps
                self.step()
        raise AssertionError("it spins")


def test_guest(loop: EventLoop) -> None:
    with pair() as (ours, theirs):
        chat = Echo(loop, ours)
        host = Host(loop)
        host.settle()
        theirs.send(b"hello\n")
        assert host.settle() > 0
        assert receive(theirs) == b"hello\n"
        chat.pause_reading()
        host.settle()
        theirs.send(b"unread\n")
        host.settle()
        assert host.settle() == 0
        theirs.close()
        assert host.settle() > 0
        chat.resume_reading()
        host.settle()
        assert chat.closed


class Reader(FileDispatcher):
    data = b""

    def handle_read(self) -> None:
        self.data += self.recv(4)
        if len(self.data) == 8:
            self.pause_reading()


def test_guest_with_a_file(loop: EventLoop, tmp_path: Path) -> None:
    """Its steps are due though the kqueue's descriptor is not readable."""
    path = tmp_path / "file"
    path.write_bytes(b"contents")
    host = Host(loop)
    with path.open("rb") as file:
        reader = Reader(loop, file)
        host.settle()
        assert reader.data == b"contents"
        assert host.settle() == 0
        reader.close()
