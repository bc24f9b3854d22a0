"""Both sides of a worker's connection in one process; tests/integration/test_workers.py forks."""

import errno
import os
import signal
import socket
from collections.abc import Callable, Iterator

import pytest

from miniloop import Dispatcher, EventLoop
from miniloop.system.worker_process import (
    CHECK,
    READY,
    RETIRE,
    ForkedProcess,
    ParentSide,
    WorkerProcess,
    WorkerSide,
)
from miniloop.system.worker_states import Limits
from tests.doubles import Sees, fail, scripted
from tests.driving import Recording, pair, run_until, settle
from tests.forked import in_child

LIMITS = Limits(drain=1.0, grace=5.0)


@pytest.fixture
def link(loop: EventLoop) -> Iterator[tuple[WorkerSide, socket.socket]]:
    """A worker's side, and the socket of its parent."""
    with pair() as (ours, theirs):
        yield WorkerSide(loop, ours, LIMITS), theirs


def listener(loop: EventLoop) -> Dispatcher:
    server = Dispatcher(loop)
    server.create_socket()
    server.bind(("127.0.0.1", 0))
    server.listen()
    return server


# -- in the worker --------------------------------------------------------------------------------


def test_the_worker_reports_that_it_is_ready(link: tuple[WorkerSide, socket.socket]) -> None:
    worker, parent = link
    worker.report_ready()
    assert parent.recv(10) == READY


def test_the_end_of_the_parent_stops_the_loop_in_order(
    loop: EventLoop, link: tuple[WorkerSide, socket.socket]
) -> None:
    _, parent = link
    sees = Sees()
    loop.on_stop(sees.note("stop"))
    loop.call_soon(parent.close)
    loop.run()
    assert sees == ["stop"]


def test_a_parent_that_is_gone_before_the_worker_is_ready(
    loop: EventLoop, link: tuple[WorkerSide, socket.socket]
) -> None:
    worker, parent = link
    parent.close()
    worker.report_ready()
    loop.run()
    assert worker.closed


def test_a_parent_that_stops_a_worker_before_its_first_pass(
    loop: EventLoop, link: tuple[WorkerSide, socket.socket], caplog: pytest.LogCaptureFixture
) -> None:
    worker, parent = link
    parent.close()
    loop.call_soon(worker.report_ready)
    loop.run()
    assert worker.closed
    assert caplog.text == ""


def test_a_retired_worker_without_connections_stops_at_once(
    loop: EventLoop, link: tuple[WorkerSide, socket.socket]
) -> None:
    _, parent = link
    door = listener(loop)
    parent.send(RETIRE)
    loop.run()
    assert door.closed


def test_a_retired_worker_serves_the_connections_that_it_has() -> None:
    with scripted() as (loop, _, clock), pair() as (link, _), pair() as (ours, _theirs):
        worker = WorkerSide(loop, link, LIMITS)
        door, channel = listener(loop), Recording(loop, ours)
        sees = Sees()
        loop.on_stop(sees.note("stop"))
        worker.retire()
        assert door.closed
        loop.call_later(CHECK * 3, channel.close)
        loop.run()
        assert sees == ["stop"]
        assert clock() == pytest.approx(1000 + CHECK * 3, abs=CHECK * 1.1)


def test_a_retired_worker_stops_when_the_time_is_up() -> None:
    with scripted() as (loop, _, clock), pair() as (link, _), pair() as (ours, _theirs):
        worker = WorkerSide(loop, link, LIMITS)
        channel = Recording(loop, ours)
        worker.retire()
        clock.advance(LIMITS.drain / 2)
        loop.run_once(0)
        worker.retire()  # again changes nothing
        loop.run()
        assert channel.closed
        assert clock() == pytest.approx(1000 + LIMITS.drain, abs=CHECK * 1.1)


def test_background_work_is_waited_for() -> None:
    class Work:
        def __init__(self) -> None:
            self.wanted = True

        def busy(self) -> bool:
            return self.wanted

        def handle_stop(self) -> None: ...

        def close(self) -> None: ...

        def after_fork(self) -> None: ...

    with scripted() as (loop, _, clock), pair() as (link, _):
        loop.background[work := Work()] = None
        WorkerSide(loop, link, LIMITS).retire()
        loop.call_later(0.45, setattr, work, "wanted", False)
        loop.run()
        assert clock() == pytest.approx(1000.5)


# -- in the parent --------------------------------------------------------------------------------


def test_the_parent_hears_that_a_worker_is_ready(loop: EventLoop) -> None:
    sees = Sees()
    with pair() as (ours, worker):
        link = ParentSide(loop, ours, sees.note("ready"))
        settle(loop)
        assert sees == []
        worker.send(READY)
        run_until(loop, lambda: sees)
        worker.close()
        run_until(loop, lambda: link.closed)
        assert sees == ["ready"]


@pytest.fixture
def fork(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], int]], None]:
    """Replaces ``os.fork()``."""

    def replace(fake: Callable[[], int]) -> None:
        monkeypatch.setattr(os, "fork", fake)

    return replace


@pytest.mark.needs("fork")
def test_a_fork_that_is_refused_leaves_nothing_behind(
    loop: EventLoop, fork: Callable[[Callable[[], int]], None]
) -> None:
    def refuse() -> int:
        raise OSError(errno.EAGAIN, "no more processes")

    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    fork(refuse)
    with pytest.raises(OSError, match="no more processes"):
        WorkerProcess(loop, 0, fail, lambda code: fail())
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before


@pytest.mark.needs("fork")
def test_an_exit_status_is_collected_once() -> None:
    pid = os.spawnv(os.P_NOWAIT, "/bin/sh", ["sh", "-c", "exit 3"])
    process = ForkedProcess(pid)
    assert process.returncode is None
    assert [process.wait(), process.wait(), process.returncode] == [3, 3, 3]


def test_a_status_that_the_kernel_forgot_counts_as_0() -> None:
    """In a child: SIGCHLD belongs to the whole process."""

    def ignore() -> None:
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        pid = os.spawnv(os.P_NOWAIT, "/bin/sh", ["sh", "-c", "exit 3"])
        assert ForkedProcess(pid).wait() == 0

    in_child(ignore)
