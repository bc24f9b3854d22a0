"""What the native classes promise: one section a promise of the design, on real sockets.

No test sleeps or measures time; "does not spin" is counted in passes and calls.
"""

import contextlib
import errno
import logging
import os
import pty
import select
import socket
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from miniloop import AsyncChat, Dispatcher, EventLoop, FileDispatcher, Listener, Trace
from miniloop.chat import MESSAGES_PER_PASS
from miniloop.net.accepting import BATCH
from miniloop.readiness import Registration
from miniloop.testing import FakeClock
from tests.driving import (
    Lines,
    Recording,
    fill,
    pair,
    receive,
    reset,
    run_until,
    settle,
)


class Passes(Trace):
    """Counts deliveries."""

    def __init__(self) -> None:
        self.deliveries = 0

    def before_delivery(self, registration: Registration, ready: int) -> None:
        self.deliveries += 1


@pytest.fixture
def counted() -> Passes:
    return Passes()


@pytest.fixture
def loop(counted: Passes) -> Iterator[EventLoop]:
    with EventLoop(debug=True, trace=counted) as loop:
        yield loop


def deliveries(loop: EventLoop, counted: Passes, passes: int = 200) -> int:
    """Run passes that would not wait if anything were ready; return what they delivered."""
    before = counted.deliveries
    settle(loop, passes)
    return counted.deliveries - before


class Echo(Lines):
    def handle_line(self, line: bytes) -> None:
        self.push(line + b"\n")


def answers(loop: EventLoop, address: Any, family: int = socket.AF_INET) -> bool:
    """Return whether a server of lines at ``address`` still serves."""
    with socket.socket(family) as client:
        client.setblocking(False)
        client.connect_ex(address)
        got: list[bytes] = []

        def answered() -> bool:
            try:
                if not got:
                    client.send(b"there?\n")
                    got.append(b"")
                got.append(client.recv(100))
            except (BlockingIOError, OSError) as error:
                if error.errno not in (errno.EAGAIN, errno.ENOTCONN):
                    raise
            return b"".join(got) == b"there?\n"

        run_until(loop, answered)
        return True


# -- handle_close exactly once, and closed after it -----------------------------------------------


def test_handle_close_runs_once_when_the_peer_ends(loop: EventLoop) -> None:
    with pair() as (ours, theirs):
        channel = Recording(loop, ours)
        theirs.close()
        settle(loop)
        channel.end()
        settle(loop)
        assert channel.seen.count("close") == 1
        assert channel.closed
        assert ours.fileno() == -1


def test_handle_close_runs_once_when_it_closes_and_reads_and_fails(
    loop: EventLoop, caplog: pytest.LogCaptureFixture
) -> None:
    class Busy(Recording):
        def handle_close(self) -> None:
            super().handle_close()
            self.recv()
            self.end()
            self.close()
            raise ZeroDivisionError

    with pair() as (ours, theirs):
        channel = Busy(loop, ours)
        theirs.close()
        settle(loop)
        assert channel.seen.count("close") == 1
        assert channel.closed
        assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("how", ["read and write fail", "reset while output is queued"])
def test_handle_close_runs_once_when_both_directions_fail(loop: EventLoop, how: str) -> None:
    class Both(Recording):
        def handle_read(self) -> None:
            self.send(b"x" * 100_000)
            super().handle_read() if not self.closed else None

    with pair(socket.AF_INET) as (ours, theirs):
        channel = Both(loop, ours)
        if how != "read and write fail":
            fill(ours)
            channel.send(b"more")
        reset(theirs)
        run_until(loop, lambda: channel.closed)
        settle(loop)
        assert channel.seen.count("close") == 1


def test_close_by_the_program_calls_no_handler(loop: EventLoop) -> None:
    with pair() as (ours, theirs):
        channel = Recording(loop, ours)
        theirs.close()
        channel.close()
        settle(loop)
        assert channel.seen == []


# -- no handler on a closed channel, nor one whose interest was withdrawn -------------------------


@pytest.mark.parametrize("action", ["close", "pause_reading"])
def test_no_handler_after_another_one_closed_or_paused_the_channel(
    loop: EventLoop, action: str
) -> None:
    """Both are ready in the same batch; whoever comes first silences the other."""

    class Silencing(Recording):
        other: "Silencing"

        def handle_read(self) -> None:
            super().handle_read()
            getattr(self.other, action)()

    with pair() as (ours1, theirs1), pair() as (ours2, theirs2):
        first, second = Silencing(loop, ours1), Silencing(loop, ours2)
        first.other, second.other = second, first
        theirs1.send(b"x")
        theirs2.send(b"x")
        settle(loop)
        assert sorted([first.seen, second.seen]) == [[], ["read"]]


def test_no_handler_for_the_stranger_on_a_reused_descriptor(loop: EventLoop) -> None:
    """The batch still holds an event for number n; by then n is another socket."""
    strangers: list[Recording] = []

    class Replacing(Recording):
        other: "Replacing"

        def handle_read(self) -> None:
            super().handle_read()
            number = self.other.socket.fileno()
            self.other.close()
            fresh, peer = socket.socketpair()
            keep.append(peer)
            if fresh.fileno() != number:
                os.dup2(fresh.fileno(), number)
                fresh.close()
                fresh = socket.socket(fileno=number)
            strangers.append(Recording(self.loop, fresh))

    keep: list[socket.socket] = []
    with pair() as (ours1, theirs1), pair() as (ours2, theirs2):
        first, second = Replacing(loop, ours1), Replacing(loop, ours2)
        first.other, second.other = second, first
        theirs1.send(b"x")
        theirs2.send(b"x")
        settle(loop)
        assert sorted([first.seen, second.seen]) == [[], ["read"]]
        assert [stranger.seen for stranger in strangers] == [[]]
        keep[0].send(b"mine")
        settle(loop)
        assert strangers[0].data == b"mine"
        keep[0].close()


def test_no_handler_when_an_overridden_predicate_withdrew(loop: EventLoop) -> None:
    class Moody(Recording):
        other: "Moody"
        willing = True

        def readable(self) -> bool:
            return self.willing

        def handle_read(self) -> None:
            super().handle_read()
            self.other.willing = False

    with pair() as (ours1, theirs1), pair() as (ours2, theirs2):
        first, second = Moody(loop, ours1), Moody(loop, ours2)
        first.other, second.other = second, first
        theirs1.send(b"x")
        theirs2.send(b"x")
        settle(loop)
        assert sorted([first.seen, second.seen]) == [[], ["read"]]


# -- exceptions in every handler and predicate are contained ---------------------------------------


def fail(*args: object) -> Any:
    raise ZeroDivisionError("on purpose")


HANDLERS = [
    "handle_read", "handle_write", "handle_expt", "handle_idle", "handle_close", "handle_error",
    "readable", "writable", "handle_read_event", "handle_write_event", "interest", "drained",
    "collect_incoming_data", "found_terminator", "handle_input_overflow", "handle_eof",
    "handle_output_overflow", "handle_high_water", "handle_low_water", "flush",
    "handle_hangup_event",
]  # fmt: skip


@pytest.mark.parametrize("name", HANDLERS)
def test_an_exception_ends_its_channel_and_no_other(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Everything that can happen happens to a channel one of whose methods fails."""
    kind: type[Lines] = type("Failing", (Lines,), {name: fail})
    if name == "handle_error":
        kind.collect_incoming_data = fail  # type: ignore[assignment]  # so that it is called
    kind.max_input, kind.max_output = 100, 5_000_000
    kind.high_water, kind.low_water = 1000, 100
    clock = FakeClock()
    with EventLoop(debug=True, clock=clock) as loop:
        with pair(socket.AF_INET) as (ours, theirs), pair() as (theirs2, healthy_end):
            healthy = Echo(loop, theirs2)
            failing = kind(loop, ours)
            stimulate(loop, clock, failing, theirs)
            healthy_end.send(b"still there?\n")
            settle(loop)
            assert receive(healthy_end) == b"still there?\n"
            assert not healthy.closed
        if name != "drained":
            assert failing.closed
            assert "on purpose" in caplog.text
            assert "Traceback" in caplog.text


def stimulate(loop: EventLoop, clock: FakeClock, channel: Lines, peer: socket.socket) -> None:
    """Do to the channel what makes each of its handlers run, until it is closed."""

    def queue() -> None:
        fill(channel.socket)
        channel.push(b"x" * 5000)

    steps: list[Callable[[], object]] = [
        lambda: channel.set_idle_timeout(10),
        lambda: peer.send(b"line\n"),
        lambda: peer.send(b"o", socket.MSG_OOB),
        queue,
        lambda: receive(peer),
        lambda: receive(peer),
        lambda: run_until(loop, lambda: channel.closed or not channel.output_size or receive(peer)),
        lambda: peer.send(b"y" * 200) if type(channel).handle_input_overflow is fail else None,
        lambda: (
            channel.push(b"z" * 20_000_000)
            if type(channel).handle_output_overflow is fail
            else None
        ),
        lambda: clock.advance(11) if type(channel).handle_idle is fail else None,
        channel.pause_reading if "hangup" in str(vars(type(channel))) else lambda: None,
    ]
    for step in steps:
        if channel.closed:
            return
        try:
            step()
        except ZeroDivisionError:
            channel.close()
            raise
        settle(loop, 6)
    if not channel.closed:
        peer.close()
        settle(loop, 6)


@pytest.mark.parametrize("name", ["handle_connect", "handle_connect_error"])
def test_an_exception_in_a_connect_handler_is_contained(
    loop: EventLoop, name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = str(tmp_path / "door")
    listener = Listener(loop, path, Echo)
    client = type("Failing", (Recording,), {name: fail})(loop)
    client.create_socket(socket.AF_UNIX)
    client.connect(path if name == "handle_connect" else str(tmp_path / "nobody"))
    run_until(loop, lambda: client.closed)
    assert "on purpose" in caplog.text
    assert answers(loop, listener.address, socket.AF_UNIX)


@pytest.mark.parametrize("name", ["handle_accept", "handle_accepted"])
def test_an_exception_while_accepting_leaves_the_listener_open(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Only for the first connection: the listener rests, and then goes on."""
    clock = FakeClock()

    class Shaky(Listener):
        failures = 0

    def once(self: Shaky, *args: Any) -> None:
        self.failures += 1
        if self.failures == 1:
            fail()
        getattr(Listener, name)(self, *args)

    setattr(Shaky, name, once)
    with EventLoop(debug=True, clock=clock) as loop:
        listener = Shaky(loop, ("127.0.0.1", 0), Echo)
        with socket.create_connection(listener.address[:2]):
            run_until(loop, lambda: listener.failures)
            clock.advance(2)
            assert answers(loop, listener.address[:2])
        assert caplog.text.count("ZeroDivisionError: on purpose") == 1


def test_an_exception_in_callbacks_and_timers_is_contained(
    loop: EventLoop, caplog: pytest.LogCaptureFixture
) -> None:
    done: list[int] = []
    loop.call_soon(fail)
    loop.call_soon(done.append, 1)
    loop.call_later(0, fail)
    loop.call_later(0, done.append, 2)
    settle(loop)
    assert sorted(done) == [1, 2]
    assert caplog.text.count("ZeroDivisionError: on purpose") == 2


# -- a listener survives ---------------------------------------------------------------------------


class FailingSocket(socket.socket):
    """A listening socket whose next accepts fail."""

    failures: list[int]

    def accept(self) -> tuple[socket.socket, Any]:
        if self.failures:
            code = self.failures.pop(0)
            raise OSError(code, os.strerror(code))
        return super().accept()


def failing_listener(*codes: int) -> FailingSocket:
    sock = FailingSocket()
    sock.bind(("127.0.0.1", 0))
    sock.listen()
    sock.failures = list(codes)
    return sock


class EchoServer(Dispatcher):
    def handle_accepted(self, sock: socket.socket, addr: Any) -> None:
        Echo(self.loop, sock)


@pytest.mark.parametrize("name", ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"])
def test_a_listener_survives_exhaustion_rests_and_says_so_once(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    clock, passes = FakeClock(), Passes()
    with EventLoop(debug=True, clock=clock, trace=passes) as loop:
        server = EchoServer(loop, failing_listener(*[getattr(errno, name)] * 3))
        address = server.socket.getsockname()
        with socket.create_connection(address):
            assert deliveries(loop, passes) == 1  # it does not look again and again
            for _ in range(3):
                clock.advance(1)
                settle(loop)
            assert answers(loop, address)
        assert len([record for record in caplog.records if record.levelno >= logging.ERROR]) == 1


@pytest.mark.parametrize("name", ["ECONNABORTED", "EPROTO", "EPERM", "EINTR", "EAGAIN"])
def test_a_listener_survives_a_connection_that_died_in_the_queue(
    loop: EventLoop, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    server = EchoServer(loop, failing_listener(getattr(errno, name)))
    assert answers(loop, server.socket.getsockname())
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


OUT_OF_DESCRIPTORS = """
import resource, socket, sys
from miniloop import EventLoop, Listener
from tests.driving import Lines, run_until

class Echo(Lines):
    def handle_line(self, line):
        self.push(line + b"\\n")

with EventLoop(debug=True) as loop:
    made = []
    listener = Listener(loop, ("127.0.0.1", 0), lambda loop, sock: made.append(Echo(loop, sock)))
    clients = [socket.socket() for _ in range(8)]
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (clients[-1].fileno() + 4, hard))
    for client in clients:
        client.setblocking(False)
        client.connect_ex(listener.address)
        loop.run_once(0.01)
    run_until(loop, lambda: listener._accepting.resting)
    assert len(made) == 3, made
    while len(made) < 8:
        for channel in made:
            channel.close()
        run_until(loop, lambda: not made[-1].closed or len(made) == 8)
    clients[-1].send(b"hello\\n")
    run_until(loop, lambda: made[-1].lines)
    run_until(loop, lambda: not made[-1].output_size)
    loop.run_once(0)
    print(clients[-1].recv(100))
"""


def test_a_listener_survives_having_no_descriptors_left() -> None:
    done = subprocess.run(
        [sys.executable, "-c", OUT_OF_DESCRIPTORS], capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "b'hello\\n'\n", done.stderr
    # once for each time that it works in between, and not once for each attempt
    assert 1 <= done.stderr.count("Too many open files") <= 5


def test_a_listener_survives_a_connection_reset_before_it_is_accepted(loop: EventLoop) -> None:
    listener = Listener(loop, ("127.0.0.1", 0), Echo)
    for _ in range(5):
        reset(socket.create_connection(listener.address[:2]))
    assert answers(loop, listener.address[:2])
    settle(loop)
    assert len(loop._channels()) == 1


# -- no spinning -----------------------------------------------------------------------------------


def test_no_spinning_while_idle(loop: EventLoop, counted: Passes) -> None:
    with pair() as (ours, _theirs), pair() as (paused, _):
        Lines(loop, ours)
        Lines(loop, paused).pause_reading()
        Listener(loop, ("127.0.0.1", 0), Echo)
        Recording(loop).create_socket()
        assert deliveries(loop, counted) == 0


def test_no_spinning_while_a_peer_does_not_read(loop: EventLoop, counted: Passes) -> None:
    with pair() as (ours, theirs):
        channel = Lines(loop, ours)
        fill(ours)
        channel.push(b"x")
        assert deliveries(loop, counted) == 0
        receive(theirs)
        assert 1 <= deliveries(loop, counted) <= 2
        assert deliveries(loop, counted) == 0


@pytest.mark.parametrize("why", ["queued output", "unparsed input", "closing", "paused, unread"])
def test_no_spinning_behind_a_peer_that_has_finished(
    loop: EventLoop, counted: Passes, why: str
) -> None:
    class Pausing(Lines):
        def handle_line(self, line: bytes) -> None:
            self.pause_reading()

    with pair(socket.AF_INET) as (ours, theirs):
        channel = Pausing(loop, ours)
        if why in ("queued output", "closing"):
            channel.push(b"x" * 20_000_000)
            channel.max_output = 1 << 30
        if why == "closing":
            settle(loop)
            channel.close_when_done()
        if why == "unparsed input":
            theirs.send(b"one\ntwo\n")
            run_until(loop, lambda: channel.lines)
        if why == "paused, unread":
            channel.pause_reading()
            theirs.send(b"unread")
        settle(loop)
        theirs.shutdown(socket.SHUT_WR)
        settle(loop, 50)
        assert deliveries(loop, counted) == 0
        assert not channel.closed


def test_no_spinning_on_a_connect_under_way(counted: Passes) -> None:
    """A full backlog keeps the connect from ending."""
    with (
        EventLoop(debug=True, clock=FakeClock(), trace=counted) as loop,
        socket.create_server(("127.0.0.1", 0), backlog=0) as server,
    ):
        clients = [Recording(loop) for _ in range(6)]
        for client in clients:
            client.create_socket()
            client.connect(server.getsockname())
        settle(loop)
        assert any(client.connecting for client in clients)
        assert deliveries(loop, counted) == 0


def test_no_spinning_when_a_forgotten_close_is_made_up_for(
    loop: EventLoop, counted: Passes
) -> None:
    with pair() as (ours, theirs):
        Recording(loop, ours)  # whose handle_close() does not close
        theirs.close()
        settle(loop)
        assert deliveries(loop, counted) == 0


# -- the peer's disappearance is noticed with reading paused ---------------------------------------


@pytest.mark.parametrize("kind", [Recording, Lines])
@pytest.mark.parametrize("family", [socket.AF_UNIX, socket.AF_INET])
@pytest.mark.parametrize("how", ["end", "half-close", "reset"])
def test_the_end_of_the_peer_is_noticed_with_reading_paused(
    loop: EventLoop, kind: type[Recording] | type[Lines], family: int, how: str
) -> None:
    if (family, how) == (socket.AF_UNIX, "reset"):
        how = "end"  # UNIX sockets know no reset
    with pair(family) as (ours, theirs):
        channel = kind(loop, ours)
        channel.pause_reading()
        settle(loop)
        if how == "half-close":
            theirs.shutdown(socket.SHUT_WR)
        elif how == "reset":
            reset(theirs)
        else:
            theirs.close()
        run_until(loop, lambda: channel.closed)
        assert channel.seen.count("close") == 1


@pytest.mark.parametrize("family", [socket.AF_UNIX, socket.AF_INET])
def test_unread_data_stays_intact_behind_a_half_close_while_paused(
    loop: EventLoop, family: int
) -> None:
    with pair(family) as (ours, theirs):
        channel = Lines(loop, ours)
        channel.pause_reading()
        theirs.send(b"one\ntwo\n")
        theirs.shutdown(socket.SHUT_WR)
        settle(loop, 50)
        assert (channel.lines, channel.seen) == ([], [])
        channel.resume_reading()
        run_until(loop, lambda: channel.closed)
        assert (channel.lines, channel.seen) == ([b"one", b"two"], ["close"])


def test_the_end_is_noticed_in_a_second_pause(loop: EventLoop) -> None:
    """It came during the first, behind unread data that is read between the two."""

    class Sipping(Recording):
        def handle_read(self) -> None:
            self.data += self.recv(100)
            self.pause_reading()

    with pair() as (ours, theirs):
        channel = Sipping(loop, ours)
        channel.pause_reading()
        theirs.send(b"x" * 100)
        theirs.close()
        settle(loop)
        assert not channel.closed
        channel.resume_reading()
        run_until(loop, lambda: channel.closed)
        assert (len(channel.data), channel.seen) == (100, ["close"])


# -- all buffers are bounded -----------------------------------------------------------------------


def test_input_is_bounded(loop: EventLoop) -> None:
    with pair() as (ours, theirs):
        channel = Lines(loop, ours)
        channel.max_input = 1000  # too late for this one: the class attribute counts
        theirs.setblocking(False)
        sent = 0
        while not channel.closed and sent < 10_000_000:
            with contextlib.suppress(BlockingIOError, BrokenPipeError):
                sent += theirs.send(b"x" * 10_000)
            loop.run_once(0)
        assert channel.closed
        assert len(channel.partial) == channel.max_input
        assert len(channel._framer) <= 65536


def test_skipped_input_is_not_kept(loop: EventLoop) -> None:
    class Tolerant(Lines):
        def handle_input_overflow(self) -> None:
            self.partial = b""

    with pair() as (ours, theirs):
        channel = Tolerant(loop, ours)
        for _ in range(300):
            theirs.send(b"x" * 10_000)
            settle(loop, 2)
            assert len(channel._framer) <= 65536
        theirs.send(b"\nok\n")
        settle(loop)
        assert channel.lines == [b"ok"]


def test_output_is_bounded(loop: EventLoop) -> None:
    with pair() as (ours, _theirs):
        channel = Lines(loop, ours)
        most = 0
        for _ in range(1000):
            if channel.closed:
                break
            channel.push(b"x" * 1_000_000)
            loop.run_once(0)
            most = max(most, channel.output_size)
        assert channel.seen == ["high", "close"] or channel.seen == ["high", "close", "low"]
        assert most <= AsyncChat.max_output + 1_000_000


def test_paused_input_is_left_to_the_kernel(loop: EventLoop) -> None:
    with pair() as (ours, theirs):
        channel = Lines(loop, ours)
        channel.pause_reading()
        fill(theirs)
        settle(loop)
        assert len(channel._framer) == 0


# -- splitting is linear ---------------------------------------------------------------------------


def test_a_mebibyte_of_newlines_takes_a_linear_number_of_passes(loop: EventLoop) -> None:
    with pair() as (ours, theirs):
        channel = Lines(loop, ours)
        left, passes = 1 << 20, 0
        while len(channel.lines) < 1 << 20:
            if left:
                with contextlib.suppress(BlockingIOError):
                    left -= theirs.send(b"\n" * min(left, 65536))
            loop.run_once(0)
            passes += 1
            assert passes < 3 * (1 << 20) // MESSAGES_PER_PASS


# -- a failed connect reports once -----------------------------------------------------------------


def connecting(loop: EventLoop, family: int, address: Any, **options: Any) -> Recording:
    client = Recording(loop)
    client.create_socket(family)
    client.connect(address, **options)
    assert client.seen == [], "nothing is called from inside connect()"
    return client


def test_a_refused_connect_reports_once(loop: EventLoop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
    client = connecting(loop, socket.AF_INET, address)
    run_until(loop, lambda: client.closed)
    settle(loop)
    assert client.seen == ["failed ConnectionRefusedError"]
    assert isinstance(client.error, ConnectionRefusedError)


def test_a_connect_to_a_missing_path_reports_once(loop: EventLoop, tmp_path: Path) -> None:
    client = connecting(loop, socket.AF_UNIX, str(tmp_path / "nobody"))
    run_until(loop, lambda: client.closed)
    settle(loop)
    assert client.seen == ["failed FileNotFoundError"]


def test_a_connect_that_takes_too_long_reports_once() -> None:
    clock = FakeClock()
    with (
        EventLoop(debug=True, clock=clock) as loop,
        socket.create_server(("127.0.0.1", 0), backlog=0) as server,
    ):
        clients = [
            connecting(loop, socket.AF_INET, server.getsockname(), timeout=5) for _ in range(6)
        ]
        settle(loop)
        late = [client for client in clients if client.connecting]
        assert late
        clock.advance(5)
        settle(loop)
        assert all(client.seen == ["failed TimeoutError"] for client in late)
        assert all(client.closed for client in late)


def test_a_connect_to_a_full_unix_backlog_tries_again(loop: EventLoop, tmp_path: Path) -> None:
    path = str(tmp_path / "door")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen(0)
        server.setblocking(False)
        clients = [connecting(loop, socket.AF_UNIX, path) for _ in range(5)]
        settle(loop)
        waiting = [client for client in clients if client.connecting]
        assert waiting
        accepted: list[socket.socket] = []

        def all_connected() -> bool:
            with contextlib.suppress(BlockingIOError):
                accepted.append(server.accept()[0])
            return all(client.connected for client in clients)

        run_until(loop, all_connected)
        assert all(client.seen == ["connect"] for client in clients)
        for sock in accepted:
            sock.close()


def test_a_connect_to_a_full_unix_backlog_has_a_time_limit(tmp_path: Path) -> None:
    path, clock = str(tmp_path / "door"), FakeClock()
    with EventLoop(debug=True, clock=clock) as loop, socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen(0)
        clients = [connecting(loop, socket.AF_UNIX, path, timeout=5) for _ in range(5)]
        settle(loop)
        waiting = [client for client in clients if client.connecting]
        for _ in range(60):
            clock.advance(0.1)
            settle(loop, 2)
        assert waiting
        assert all(client.seen == ["failed TimeoutError"] for client in waiting)


# -- fairness --------------------------------------------------------------------------------------


def test_a_pass_accepts_a_bounded_number(loop: EventLoop) -> None:
    made: list[int] = []

    def factory(loop: EventLoop, sock: socket.socket) -> None:
        made.append(1)
        sock.close()

    listener = Listener(loop, ("127.0.0.1", 0), factory)
    clients = [socket.create_connection(listener.address[:2]) for _ in range(BATCH + 10)]
    counts = []
    while len(made) < BATCH + 10:
        loop.run_once(0.1)
        counts.append(len(made))
    assert max(b - a for a, b in zip([0, *counts], counts, strict=False)) <= BATCH
    for client in clients:
        client.close()


def test_a_pass_parses_a_bounded_number_and_others_get_their_turn(loop: EventLoop) -> None:
    with pair() as (ours1, flood), pair() as (ours2, theirs):
        greedy, modest = Lines(loop, ours1), Echo(loop, ours2)
        flood.send(b"\n" * 60_000)
        theirs.send(b"hello\n")
        settle(loop, 3)
        assert modest.lines == [b"hello"]
        assert len(greedy.lines) <= 2 * 3 * MESSAGES_PER_PASS
        run_until(loop, lambda: len(greedy.lines) == 60_000)


# -- threads, and descriptors closed behind the loop's back ----------------------------------------


def test_another_thread_is_refused_and_has_a_door_of_its_own(loop: EventLoop) -> None:
    errors: list[str] = []
    arrived: list[bytes] = []

    with pair() as (ours, theirs):
        channel = Lines(loop, ours)

        def intrude() -> None:
            entered.wait(10)
            for step in (
                lambda: channel.push(b"x"),
                channel.close,
                channel.pause_reading,
                lambda: loop.call_soon(print),
                lambda: loop.call_later(1, print),
                lambda: loop.run_once(0),
            ):
                try:
                    step()
                except RuntimeError as error:
                    errors.append(str(error))
            loop.call_soon_threadsafe(arrived.append, b"handed over")

        entered = threading.Event()
        thread = threading.Thread(target=intrude)
        thread.start()
        loop.call_soon(loop.call_soon, entered.set)
        run_until(loop, lambda: arrived)
        thread.join()
        assert receive(theirs) == b""
    assert len(errors) == 6
    assert sum("call_soon_threadsafe()" in error for error in errors) == 5


@pytest.mark.parametrize("when", ["watched", "paused", "with output queued", "before any pass"])
def test_a_descriptor_closed_behind_the_loops_back_harms_nobody(loop: EventLoop, when: str) -> None:
    with pair() as (ours, theirs), pair() as (ours2, healthy):
        Echo(loop, ours2)
        channel = Lines(loop, ours)
        if when != "before any pass":
            settle(loop)
        if when == "paused":
            channel.pause_reading()
        if when == "with output queued":
            channel.push(b"x")
        ours.close()
        settle(loop)
        healthy.send(b"hello\n")
        settle(loop)
        assert receive(healthy) == b"hello\n"
        channel.close()
        settle(loop)
        assert channel.seen.count("close") <= 1
        theirs.close()


def test_a_closed_descriptor_that_lives_on_in_a_duplicate_does_not_spin(
    loop: EventLoop, counted: Passes, caplog: pytest.LogCaptureFixture
) -> None:
    with pair() as (ours, theirs), pair() as (ours2, healthy):
        Echo(loop, ours2)
        channel = Lines(loop, ours)
        settle(loop)
        with ours.dup():
            os.close(number := ours.detach())
            theirs.send(b"for nobody")
            settle(loop)
            channel.close()
            assert deliveries(loop, counted) == 0
            before = len(caplog.records)
            assert before <= 2
            healthy.send(b"hello\n")
            settle(loop)
            assert receive(healthy) == b"hello\n"
            assert number >= 0


@pytest.mark.parametrize("duplicated", [False, True])
def test_a_descriptor_closed_and_reused_belongs_to_the_newcomer(
    loop: EventLoop, duplicated: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with pair() as (ours, theirs), pair() as (source, peer):
        old = Lines(loop, ours)
        settle(loop)
        number = ours.fileno()
        keep = ours.dup() if duplicated else None
        os.dup2(source.fileno(), number)
        new = Lines(loop, socket.socket(fileno=number))
        with contextlib.suppress(BrokenPipeError):
            theirs.send(b"for the old\n")
        peer.send(b"for the new\n")
        settle(loop)
        assert new.lines == [b"for the new"]
        assert (old.lines, old.seen, old.closed) == ([], ["close"], True)
        assert "closed behind its back" in caplog.text
        assert not new.closed
        assert new.socket.fileno() == number
        if keep is not None:
            keep.close()


# -- stop() and signals end in order ---------------------------------------------------------------


STOPPING = """
import os, signal, socket, sys
from miniloop import EventLoop, Listener
from tests.driving import Lines, fill, receive

how = sys.argv[1]
loop = EventLoop(debug=True)
class Chatty(Lines):
    def handle_line(self, line):
        self.push(b"x" * 3_000_000)
        if how == "stop":
            loop.stop()
        else:
            os.kill(os.getpid(), getattr(signal, how))
listener = Listener(loop, ("127.0.0.1", int(sys.argv[2])), Chatty)
def goodbye():
    print("listening" if listener.accepting else "not listening", flush=True)
    for entry in loop._channels():
        entry.channel.push(b"goodbye\\n")
loop.on_stop(goodbye)
print(listener.address[1], flush=True)
loop.run()
print("ended", len(loop._channels()), flush=True)
loop.close()
"""


@pytest.mark.parametrize("how", ["stop", "SIGINT", "SIGTERM"])
def test_stopping_closes_listeners_says_goodbye_and_sends_what_is_queued(how: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STOPPING, how, "0"], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
            client.sendall(b"go\n")
            got = b""
            while data := client.recv(1 << 20):
                got += data
        assert len(got) == 3_000_008
        assert got.endswith(b"goodbye\n")
        assert server.stdout.read() == "not listening\nended 0\n"
        assert server.wait(20) == 0


def test_stopping_gives_up_after_the_grace_period() -> None:
    clock = FakeClock()
    with EventLoop(debug=True, clock=clock) as loop, pair() as (ours, _theirs):
        channel = Lines(loop, ours)
        fill(ours)
        channel.push(b"never read")
        loop.on_stop(loop.call_later, 3, clock.advance, 3)
        loop.call_later(0, lambda: None)
        loop.stop(grace=2)
        loop.call_soon(clock.advance, 2)
        loop.run()
        assert channel.closed


def test_a_second_signal_has_its_usual_effect() -> None:
    program = """
import os, signal, socket
from miniloop import EventLoop
from tests.driving import Lines, fill
loop = EventLoop(debug=True)
ours, theirs = socket.socketpair()
channel = Lines(loop, ours)
fill(ours)
channel.push(b"never read")
loop.on_stop(lambda: os.kill(os.getpid(), signal.SIGINT))
os_kill = loop.call_soon(os.kill, os.getpid(), signal.SIGINT)
try:
    loop.run()
except KeyboardInterrupt:
    print("interrupted")
finally:
    loop.close(); theirs.close()
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "interrupted\n", done.stderr


# -- half-close ------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6, socket.AF_UNIX])
def test_half_close_delivers_what_was_sent_before_it(loop: EventLoop, family: int) -> None:
    """As ``printf x | nc -N`` does: ask, half-close, read the answer to its end."""

    class Answering(Lines):
        def handle_line(self, line: bytes) -> None:
            self.push(line * 200_000)

    with pair(family) as (ours, theirs):
        channel = Answering(loop, ours)
        theirs.send(b"one\ntwo\n")
        theirs.shutdown(socket.SHUT_WR)
        got = b""

        def ended() -> bool:
            nonlocal got
            got += receive(theirs)
            return channel.closed

        run_until(loop, ended)
        got += receive(theirs)
        assert got == b"one" * 200_000 + b"two" * 200_000


def test_half_close_of_ours_delivers_what_was_pushed_before_it(loop: EventLoop) -> None:
    with pair(socket.AF_INET) as (ours, theirs):
        channel = Lines(loop, ours)
        channel.push(b"x" * 3_000_000)
        channel.close_write()
        got, ended = 0, False

        def end_seen() -> bool:
            nonlocal got, ended
            try:
                while data := theirs.recv(1 << 20):
                    got += len(data)
                ended = True
            except BlockingIOError:
                pass
            return ended

        run_until(loop, end_seen)
        assert got == 3_000_000
        theirs.send(b"thanks\n")
        run_until(loop, lambda: channel.lines)
        assert channel.lines == [b"thanks"]


# -- UNIX, IPv6, UDP, out-of-band data -------------------------------------------------------------


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6, socket.AF_UNIX])
def test_families(loop: EventLoop, family: int, tmp_path: Path) -> None:
    address: Any = str(tmp_path / "door")
    if family != socket.AF_UNIX:
        address = ("::1" if family == socket.AF_INET6 else "127.0.0.1", 0)
    listener = Listener(loop, address, Echo)
    client = Lines(loop)
    client.create_socket(family)
    client.connect(listener.address)
    client.push(b"hello\n")
    run_until(loop, lambda: client.lines)
    assert client.lines == [b"hello"]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_datagrams(loop: EventLoop, host: str) -> None:
    class Server(Dispatcher):
        def handle_read(self) -> None:
            data, addr = self.recvfrom()
            self.sendto(data.upper(), addr)

    class Client(Recording):
        def handle_read(self) -> None:
            self.data += b"[" + self.recvfrom()[0] + b"]"

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    server, client = Server(loop), Client(loop)
    for channel in (server, client):
        channel.create_socket(family, socket.SOCK_DGRAM)
        channel.bind((host, 0))
    for text in (b"one", b"", b"two"):
        client.sendto(text, server.socket.getsockname())
    run_until(loop, lambda: len(client.data) >= 10)
    assert client.data == b"[ONE][][TWO]"
    assert not server.closed
    assert not client.closed


def test_out_of_band_data(loop: EventLoop, counted: Passes) -> None:
    class Urgent(Recording):
        def handle_expt(self) -> None:
            self.seen.append("urgent")
            assert self.socket.recv(1, socket.MSG_OOB) == b"!"

    with pair(socket.AF_INET) as (ours, theirs):
        channel = Urgent(loop, ours)
        theirs.send(b"!", socket.MSG_OOB)
        run_until(loop, lambda: "urgent" in channel.seen)
        theirs.send(b"plain")
        run_until(loop, lambda: channel.data)
        assert channel.data == b"plain"
        assert channel.seen.count("urgent") == 1
        settle(loop)
        assert deliveries(loop, counted) == 0


def test_out_of_band_data_hurts_nobody_who_does_not_want_it(
    loop: EventLoop, counted: Passes
) -> None:
    """telnet sends one at Ctrl-C."""
    with pair(socket.AF_INET) as (ours, theirs):
        channel = Lines(loop, ours)
        theirs.send(b"be")
        theirs.send(b"!", socket.MSG_OOB)
        theirs.send(b"fore\n")
        run_until(loop, lambda: channel.lines)
        assert channel.lines == [b"before"]
        assert deliveries(loop, counted) == 0


# -- pipes, terminals, files -----------------------------------------------------------------------


class FileRecording(FileDispatcher):
    def __init__(self, loop: EventLoop, fd: int) -> None:
        self.data = b""
        self.seen: list[str] = []
        super().__init__(loop, fd)

    def handle_read(self) -> None:
        self.data += self.recv(1000)

    def handle_close(self) -> None:
        self.seen.append("close")


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for fd in ends:
        try:
            os.close(fd)
        except OSError as error:
            assert error.errno == errno.EBADF  # noqa: PT017 - a test may have closed it


def test_a_pipe_is_read_to_its_end(loop: EventLoop, pipe: tuple[int, int]) -> None:
    channel = FileRecording(loop, pipe[0])
    os.write(pipe[1], b"hello")
    settle(loop)
    os.write(pipe[1], b" again")
    os.close(pipe[1])
    settle(loop)
    assert (channel.data, channel.seen) == (b"hello again", ["close"])
    assert os.get_blocking(pipe[0]), "the descriptor is as it was before"


def test_a_pipe_is_written_when_there_is_room(loop: EventLoop, pipe: tuple[int, int]) -> None:
    channel = FileRecording(loop, pipe[1])
    channel.pause_reading()
    assert channel.send(b"x" * 1_000_000) < 1_000_000
    assert channel.send(b"y") == 0
    assert len(os.read(pipe[0], 1_000_000)) > 0
    settle(loop)
    assert channel.send(b"y") == 1


@pytest.mark.parametrize("unread", [b"", b"unread"])
def test_the_end_of_a_paused_pipe_is_noticed_without_spinning(
    loop: EventLoop, counted: Passes, pipe: tuple[int, int], unread: bytes
) -> None:
    channel = FileRecording(loop, pipe[0])
    channel.pause_reading()
    os.write(pipe[1], unread) if unread else None
    os.close(pipe[1])
    settle(loop)
    assert deliveries(loop, counted) == 0
    assert channel.closed == (not unread)
    if unread:
        channel.resume_reading()
        settle(loop)
    assert (channel.data, channel.seen) == (unread, ["close"])


def test_a_pipe_whose_reader_is_gone_is_noticed(
    loop: EventLoop, counted: Passes, pipe: tuple[int, int]
) -> None:
    channel = FileRecording(loop, pipe[1])
    channel.pause_reading()
    channel.send(b"unread")
    os.close(pipe[0])
    settle(loop)
    assert deliveries(loop, counted) == 0
    assert channel.seen == ["close"]


def test_a_terminal_is_read_and_written_and_keeps_its_mode(loop: EventLoop) -> None:
    master, slave = pty.openpty()
    before = termios.tcgetattr(slave)
    channel = FileRecording(loop, slave)
    os.write(master, b"typed\n")
    run_until(loop, lambda: channel.data)
    assert channel.data == b"typed\n"
    channel.send(b"shown")
    shown = b""
    while b"shown" not in shown and select.select([master], [], [], 10)[0]:
        shown += os.read(master, 100)
    assert shown == b"typed\r\nshown"
    assert os.get_blocking(slave)
    assert termios.tcgetattr(slave) == before
    os.close(master)
    run_until(loop, lambda: channel.closed)
    assert channel.seen == ["close"]
    os.close(slave)


def test_a_regular_file_is_always_ready(loop: EventLoop, counted: Passes, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"z" * 2500)
    with path.open("rb") as file:
        channel = FileRecording(loop, file.fileno())
        run_until(loop, lambda: channel.closed)
        assert channel.data == b"z" * 2500
        paused = FileRecording(loop, file.fileno())
        paused.pause_reading()
        assert deliveries(loop, counted) == 0
        assert not file.closed
        assert not paused.closed


# -- idle time limits ------------------------------------------------------------------------------


def test_an_idle_channel_is_ended_and_a_busy_one_is_not() -> None:
    clock = FakeClock()
    with EventLoop(debug=True, clock=clock) as loop, pair() as (a, _a), pair() as (b, theirs):
        idle, busy = Recording(loop, a), Recording(loop, b)
        idle.set_idle_timeout(30)
        busy.set_idle_timeout(30)
        for _ in range(5):
            clock.advance(10)
            theirs.send(b"x")
            settle(loop)
        assert idle.seen == ["idle", "close"]
        assert busy.closed is False
        busy.set_idle_timeout(None)
        clock.advance(100)
        settle(loop)
        assert "idle" not in busy.seen


def test_an_idle_limit_costs_no_timers_while_traffic_flows(loop: EventLoop) -> None:
    with pair() as (ours, theirs):
        channel = Recording(loop, ours)
        channel.set_idle_timeout(30)
        made = loop._timers._made
        for _ in range(20):
            theirs.send(b"x")
            settle(loop, 2)
        assert channel.seen == ["read"] * 20
        assert loop._timers._made == made
