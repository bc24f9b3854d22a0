"""Real processes, short ones; the loop's wait is the only wait."""

import os
import signal
import socket
import subprocess
import threading
from subprocess import Popen
from typing import Any

import pytest

from miniloop import Child, EventLoop
from tests.doubles import fail
from tests.driving import run_until
from tests.forked import Forked


@pytest.fixture(params=["pidfd", "thread"], autouse=True)
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "thread":
        monkeypatch.delattr(os, "pidfd_open", raising=False)
    elif not hasattr(os, "pidfd_open"):
        pytest.skip("this platform has no pidfd")


def shell(command: str) -> Popen[bytes]:
    return Popen(["/bin/sh", "-c", command], stdin=subprocess.PIPE)


def finish(process: Popen[bytes]) -> None:
    """Let a process that reads its input go on."""
    assert process.stdin is not None
    process.stdin.close()


def is_collected(process: Popen[bytes]) -> bool:
    try:
        os.waitpid(process.pid, os.WNOHANG)
    except ChildProcessError:
        return True
    return False


def test_status_is_told_once_and_the_loop_ends(loop: EventLoop) -> None:
    statuses: list[int] = []
    with shell("read x; exit 3") as process:
        child = Child(loop, process, statuses.append)
        loop.run_once(0)
        assert statuses == []
        finish(process)
        loop.run()  # it goes on until the child has ended, and no longer
        assert statuses == [3]
        assert child.closed
        assert is_collected(process)


def test_waiting_takes_no_passes(loop: EventLoop) -> None:
    statuses: list[int] = []
    with shell("read x") as process:
        Child(loop, process, statuses.append)
        loop.run_once(0)
        loop.call_later(0.1, finish, process)
        assert run_until(loop, lambda: statuses, passes=20) < 20


def test_killed_by_a_signal(loop: EventLoop) -> None:
    statuses: list[int] = []
    with shell("read x") as process:
        Child(loop, process, statuses.append)
        process.kill()
        loop.run()
    assert statuses == [-signal.SIGKILL]


def test_ended_before_it_is_watched(loop: EventLoop) -> None:
    statuses: list[int] = []
    with shell("exit 4") as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # a zombie now
        Child(loop, process, statuses.append)
        loop.run()
    assert statuses == [4]


def test_collected_before_it_is_watched(loop: EventLoop) -> None:
    statuses: list[int] = []
    with shell("exit 5") as process:
        process.wait()
        Child(loop, process, statuses.append)
        loop.run()
    assert statuses == [5]


def test_collected_by_another_thread_meanwhile(loop: EventLoop) -> None:
    statuses: list[int] = []
    with shell("read x; exit 6") as process:
        Child(loop, process, statuses.append)
        thread = threading.Thread(target=process.wait)
        thread.start()
        finish(process)
        loop.run()
        thread.join()
    assert statuses == [6]


def test_another_thread_is_just_collecting(loop: EventLoop) -> None:
    """Popen.poll() says None then, as if the process were alive."""
    statuses: list[int] = []
    with shell("exit 6") as process:
        process.poll = lambda: None  # type: ignore[method-assign]
        Child(loop, process, statuses.append)
        loop.run()
    assert statuses == [6]


def test_fork_that_keeps_the_threads_socket_open(
    loop: EventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies: list[socket.socket] = []
    real = socket.socketpair

    def pair() -> tuple[socket.socket, socket.socket]:
        reader, writer = real()
        copies.append(writer.dup())
        return reader, writer

    statuses: list[int] = []
    with shell("exit 7") as process:
        monkeypatch.setattr(socket, "socketpair", pair)
        Child(loop, process, statuses.append)
        loop.call_later(20, loop.stop)
        run_until(loop, lambda: statuses)
    for copy in copies:
        copy.close()
    assert statuses == [7]


def test_a_hundred_children_at_once(loop: EventLoop) -> None:
    statuses: list[int] = []
    processes = [shell(f"exit {number}") for number in range(100)]
    for process in processes:
        Child(loop, process, statuses.append)
        finish(process)
    loop.run()
    assert sorted(statuses) == [*range(100)]


def test_other_children_are_left_alone(loop: EventLoop) -> None:
    with shell("exit 7") as other, shell("exit 0") as process:
        Child(loop, process, int)
        loop.run()
        assert os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT) is not None
        assert other.wait() == 7


def test_closing_watches_no_more(loop: EventLoop) -> None:
    with shell("read x") as process:
        child = Child(loop, process, lambda status: fail())
        loop.run_once(0)
        fd = child.fileno()
        child.close()
        child.close()
        assert child.fileno() == -1
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(fd)
        finish(process)
        process.wait()
        loop.run()


def test_failing_callback_is_logged(loop: EventLoop, caplog: pytest.LogCaptureFixture) -> None:
    with shell("exit 0") as process:
        child = Child(loop, process, lambda status: fail())
        loop.run()
        assert child.closed
    assert "on purpose" in caplog.text


def test_eviction_leaves_the_descriptor_to_the_newcomer(loop: EventLoop) -> None:
    with shell("read x") as process:
        child = Child(loop, process, lambda status: fail())
        fd = child.fileno()
        child.evict(child)
        os.close(fd)  # still open


def test_works_on_any_thread() -> None:
    statuses: list[int] = []

    def run() -> None:
        with EventLoop() as loop, shell("exit 8") as process:
            Child(loop, process, statuses.append)
            loop.run()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert statuses == [8]


def test_only_the_parent_is_told_after_a_fork(loop: EventLoop) -> None:
    """The forked process could not collect it, and would take its status for 0."""
    statuses: list[int] = []
    with shell("read x; exit 3") as process:
        child = Child(loop, process, statuses.append)
        loop.run_once(0)

        def go_on() -> None:
            finish(process)  # this copy of its input would keep it alive
            loop.run()
            assert child.closed
            assert statuses == []

        forked = Forked(go_on)
        finish(process)
        loop.run()
        assert forked.wait() == 0
    assert statuses == [3]


def test_callback_must_be_callable(loop: EventLoop) -> None:
    nonsense: Any = "exit"
    with shell("exit 0") as process, pytest.raises(TypeError, match="exit status"):
        Child(loop, process, nonsense)


def test_pidfd_that_is_refused(loop: EventLoop, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(pid: int) -> int:
        raise PermissionError(f"no descriptor for {pid}")

    monkeypatch.setattr(os, "pidfd_open", refuse, raising=False)
    statuses: list[int] = []
    with shell("exit 9") as process:
        Child(loop, process, statuses.append)
        loop.run()
    assert statuses == [9]


def test_what_cannot_be_registered_leaves_no_descriptor() -> None:
    with EventLoop() as loop:
        pass
    with shell("exit 0") as process:
        before, threads = {*os.listdir("/dev/fd")}, {*threading.enumerate()}
        with pytest.raises(RuntimeError, match="the loop is closed"):
            Child(loop, process, abs)
        for thread in {*threading.enumerate()} - threads:
            thread.join()  # it has a descriptor of its own until the process has ended
        assert {*os.listdir("/dev/fd")} <= before
