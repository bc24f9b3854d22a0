"""What a trace file shows, read back by a reader that forgives nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from miniloop import EventLoop, Job, ThreadPool
from miniloop.readiness import READ, Registration
from miniloop.testing import FakeClock, ScriptedSelector
from miniloop.trace import install
from miniloop.trace.chrome_trace import MOST_ARROWS, ChromeTrace
from tests.doubles import FakeChannel, fail
from tests.driving import Lines, Recording, fill, pair, run_until, settle, tcp_pair
from tests.trace_format import Picture


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trace.json"


@pytest.fixture
def traced(path: Path) -> Iterator[EventLoop]:
    with EventLoop(debug=True) as loop:
        install(loop, ChromeTrace(path))
        yield loop


class Echo(Lines):
    def handle_line(self, line: bytes) -> None:
        self.push(line + b"\n")


def test_a_row_for_each_registration(traced: EventLoop, path: Path) -> None:
    with pair() as (ours, theirs):
        Echo(traced, ours)
        theirs.send(b"hello\n")
        settle(traced)
        traced.close()
    picture = Picture(path)
    row = picture.row("Echo")
    assert picture.names(row) == ["handle_read", "flush"]
    read, flush = picture.slices[row]
    assert (read.notes, flush.notes) == ({"received": 6}, {"sent": 6})
    assert picture.arrows == [(read, flush)]
    assert [each["name"] for each in picture.of_row("i", row)] == ["opened", "closed"]


def test_stages_and_callbacks_are_on_the_row_of_the_loop(traced: EventLoop, path: Path) -> None:
    traced.call_soon(fail)
    traced.call_later(0, tick)
    traced.run_once(0)
    traced.close()
    picture = Picture(path)
    stages = picture.slices[picture.row("loop")]
    assert [each.name for each in stages] == ["refresh", "wait", "timers", "callbacks"]
    assert [[each.name for each in stage.inside] for stage in stages] == [
        [],
        [],
        ["tick"],
        ["fail"],
    ]
    assert stages[1].notes == {"timeout": 0, "events": 0}


def tick() -> None:
    """Be a timer."""


def test_a_descriptor_that_comes_back_has_another_row(path: Path) -> None:
    selector = ScriptedSelector()
    with EventLoop(selector=selector, clock=FakeClock()) as loop:
        install(loop, ChromeTrace(path))
        for _ in range(3):
            channel = FakeChannel(fd=7)
            channel.join(loop)
            selector.script()
            loop.run_once(0)
            selector.script((7, READ))
            loop.run_once(0)
            channel.close()
    picture = Picture(path)
    rows = [row for row, name in picture.rows.items() if name == "fd 7 FakeChannel"]
    assert len(rows) == 3
    assert [picture.names(row) for row in rows] == [["handle_read"]] * 3


class Both(Lines):
    peer: "Lines"

    def handle_line(self, line: bytes) -> None:
        self.peer.push(line)


def test_two_handlers_that_push_to_one_channel_both_get_an_arrow(
    traced: EventLoop, path: Path
) -> None:
    with pair() as (a, to_a), pair() as (b, to_b), pair() as (c, _):
        goal = Lines(traced, c)
        for ours in (a, b):
            Both(traced, ours).peer = goal
        settle(traced)
        to_a.send(b"1\n")
        to_b.send(b"2\n")
        settle(traced)
        traced.close()
    picture = Picture(path)
    flush = picture.slices[picture.row("Lines")][0]
    assert [(arrow[0].name, arrow[1]) for arrow in picture.arrows] == [("handle_read", flush)] * 2
    assert len({arrow[0].row for arrow in picture.arrows}) == 2


def test_an_arrow_leads_to_the_handler_that_sends_the_rest(traced: EventLoop, path: Path) -> None:
    with pair() as (ours, theirs):
        lines = Lines(traced, ours)
        size = fill(ours)
        traced.call_soon(lines.push, b"x" * 10)
        settle(traced)
        assert lines.output_size == 10
        while size:
            size -= len(theirs.recv(65536))
        settle(traced)
        assert theirs.recv(100) == b"x" * 10
        traced.close()
    picture = Picture(path)
    ((tail, head),) = picture.arrows
    assert (tail.name, head.name) == ("Lines.push", "handle_write")
    assert head.notes["sent"] == 10
    assert picture.counter("queued output")[:2] == [0, 10]
    assert picture.counter("queued output")[-1] == 0


def test_what_is_pushed_between_two_passes_has_no_cause(traced: EventLoop, path: Path) -> None:
    with pair() as (ours, theirs):
        lines = Lines(traced, ours)
        theirs.send(b"line\n")
        settle(traced)
        lines.push(b"x")
        settle(traced)
        traced.close()
    picture = Picture(path)
    assert "handle_read" in picture.names(picture.row("Lines"))
    assert picture.arrows == []


def test_a_row_shows_the_peers_address(traced: EventLoop, path: Path) -> None:
    ours, theirs = tcp_pair()
    with theirs:
        channel = Recording(traced, ours)
        host, port = channel.addr
        traced.close()
    assert any(name.endswith(f"Recording {host}:{port}") for name in Picture(path).rows.values())


def test_the_loops_row_is_the_first(traced: EventLoop, path: Path) -> None:
    with pair() as (ours, _):
        Recording(traced, ours)
        traced.run_once(0)
        traced.close()
    picture = Picture(path)
    order = {
        picture.rows[entry["tid"]]: entry["args"]["sort_index"]
        for entry in picture.entries
        if entry["name"] == "thread_sort_index"
    }
    assert order["loop"] == -1
    assert all(index >= 0 for name, index in order.items() if name != "loop")


def test_bytes_that_pass_outside_every_handler_are_no_trouble(
    traced: EventLoop, path: Path
) -> None:
    with pair() as (ours, theirs):
        channel = Recording(traced, ours)
        theirs.send(b"x")
        assert channel.recv() == b"x"
        assert channel.send(b"y") == 1
        traced.close()
    assert Picture(path).slices == {}


def test_a_channel_without_a_queue_has_nothing_queued(traced: EventLoop, path: Path) -> None:
    with pair() as (ours, theirs):
        Recording(traced, ours)
        theirs.send(b"x")
        settle(traced)
        traced.close()
    assert {*Picture(path).counter("queued output")} <= {0}


class Later(Lines):
    """Answers by way of so many callbacks."""

    callbacks = 1

    def handle_line(self, line: bytes) -> None:
        self.loop.call_soon(self.answer, line, self.callbacks - 1)

    def answer(self, line: bytes, callbacks: int) -> None:
        if callbacks:
            self.loop.call_soon(self.answer, line, callbacks - 1)
        else:
            self.push(line)


@pytest.mark.parametrize("callbacks", [1, 2, 30])
def test_an_arrow_passes_through_callbacks(callbacks: int, traced: EventLoop, path: Path) -> None:
    with pair() as (ours, theirs):
        Later(traced, ours).callbacks = callbacks
        theirs.send(b"x\n")
        settle(traced, callbacks + 5)
        assert theirs.recv(10) == b"x"
        traced.close()
    (arrow,) = Picture(path).arrows
    names = [each.name for each in arrow]
    between = ["Later.answer"] * min(callbacks, 6)
    assert names == ["handle_read", *between, "flush"]


class Stored(Lines):
    """Answers when a thread has done its part."""

    pool: ThreadPool

    def handle_line(self, line: bytes) -> None:
        self.pool.submit(bytes.upper, line, on_done=self.stored)

    def stored(self, job: Job[bytes]) -> None:
        self.push(job.result())


def test_an_arrow_passes_through_threads(traced: EventLoop, path: Path) -> None:
    with pair() as (ours, theirs):
        stored = Stored(traced, ours)
        stored.pool = ThreadPool(traced, threads=1)
        theirs.send(b"x\n")
        run_until(traced, lambda: stored.output_size)
        settle(traced)
        assert theirs.recv(10) == b"X"
        traced.close()
    (arrow,) = Picture(path).arrows
    assert [each.name for each in arrow] == ["handle_read", "Stored.stored", "flush"]


def test_callbacks_that_never_run_are_forgotten(path: Path) -> None:
    trace = ChromeTrace(path)
    with EventLoop() as loop:
        install(loop, trace)

        def make_many() -> None:
            for _ in range(10_000):
                loop.call_soon(int).cancel()

        loop.call_soon(make_many)
        loop.run_once(0)
        assert len(trace._scheduled) <= 4096


def test_what_is_never_sent_gets_no_arrow(traced: EventLoop, path: Path) -> None:
    with pair() as (ours, _):
        lines = Lines(traced, ours)
        fill(ours)
        traced.call_soon(lines.push, b"x" * 10)
        settle(traced)
        lines.close()
        settle(traced)
        traced.close()
    picture = Picture(path)
    assert picture.arrows == []
    assert picture.counter("queued output")[-1] == 0


def test_a_handler_that_closes_with_output_left_gets_no_arrow(
    traced: EventLoop, path: Path
) -> None:
    with pair() as (ours, theirs):
        lines = Lines(traced, ours)
        fill(ours)
        traced.call_soon(lines.push, b"x" * 10)
        settle(traced)
        lines.handle_line = lambda line: lines.close()  # type: ignore[method-assign]  # one of a kind
        theirs.send(b"\n")
        settle(traced)
        assert lines.closed
        traced.close()
    picture = Picture(path)
    assert "handle_read" in picture.names(picture.row("Lines"))
    assert picture.arrows == []


def test_arrows_are_bounded(traced: EventLoop, path: Path) -> None:
    with pair() as (ours, theirs):
        lines = Lines(traced, ours)
        size = fill(ours)
        for _ in range(MOST_ARROWS + 5):
            traced.call_soon(lines.push, b"x")
        settle(traced)
        while size:
            size -= len(theirs.recv(65536))
        settle(traced)
        traced.close()
    picture = Picture(path)
    assert len(picture.arrows) == MOST_ARROWS
    assert picture.arrows[0][1].notes["arrows left out"] == 5


def test_a_handler_that_closes_its_channel_is_drawn_whole(path: Path) -> None:
    clock = FakeClock()
    selector = ScriptedSelector(clock)
    ticks = iter(range(0, 1_000_000, 1000))
    trace = ChromeTrace(path, clock=lambda: next(ticks))
    with EventLoop(selector=selector, clock=clock) as loop:
        install(loop, trace)
        channel = FakeChannel(fd=7)
        channel.on["read"] = channel.close
        channel.join(loop)
        loop.run_once(0)
        selector.script((7, READ))
        loop.run_once(0)
        assert len(trace._rows) == 1  # the waker's: nothing is kept of the dead
    picture = Picture(path)
    row = picture.row("FakeChannel")
    (handler,) = picture.slices[row]
    closed = picture.of_row("i", row)[-1]
    assert handler.name == "handle_read"
    assert handler.begun < closed["ts"] < handler.ended


def test_counters(traced: EventLoop, path: Path) -> None:
    with pair() as (ours, _):
        lines = Lines(traced, ours)
        timer = traced.call_later(100, tick)
        traced.run_once(0)
        timer.cancel()
        lines.close()
        traced.run_once(0)
        traced.close()
    picture = Picture(path)
    assert picture.counter("registered channels") == [1, 0]
    assert picture.counter("dirty") == [2, 0]
    assert picture.counter("timers") == [1, 0]


def test_a_trace_that_begins_in_the_middle_of_things(path: Path) -> None:
    with EventLoop(debug=True) as loop, pair() as (ours, theirs):
        echo = Echo(loop, ours)
        settle(loop)

        def begin() -> None:
            install(loop, ChromeTrace(path))

        echo.handle_line = lambda line: begin()  # type: ignore[method-assign]  # one of a kind
        theirs.send(b"x\n")
        settle(loop)
        theirs.send(b"y\n")
        echo.handle_line = echo.push  # type: ignore[method-assign,assignment]  # the same
        settle(loop)
    picture = Picture(path)
    assert picture.names(picture.row("Echo")) == ["handle_read", "flush"]


def test_names_from_the_network_stay_short_and_escaped(path: Path) -> None:
    class Strange(FakeChannel):
        addr = 'quo"te\n\u2028' + "x" * 1000

    selector = ScriptedSelector()
    with EventLoop(selector=selector) as loop:
        install(loop, ChromeTrace(path))
        channel = Strange(fd=7)
        channel.join(loop)
        channel.close()
    picture = Picture(path)
    name = next(name for name in picture.rows.values() if "Strange" in name)
    assert 'quo"te\n\u2028' in name
    assert name.endswith("\u2028" + 72 * "x")


def test_a_registration_that_the_trace_does_not_know_is_left_out(path: Path) -> None:
    trace = ChromeTrace(path)
    stranger = Registration(FakeChannel(), 7, polled=False)
    trace.before_handler(stranger, "handle_read")
    trace.received(stranger, 1)
    trace.sent(stranger, 1)
    trace.pushed(stranger, 1)
    trace.after_handler(stranger, "handle_read")
    trace.closed(stranger)
    trace.close()
    assert Picture(path).row_numbers("X") == set()
