"""Blocking work: results come home on the loop's thread, and nothing outlives the loop's end."""

import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from typing import Any, cast

import pytest

from miniloop import EventLoop, Job, PoolFull, ThreadPool
from tests.doubles import fail
from tests.forked import in_child

LONG = 20.0
"""Seconds that a gate stays shut at most, so that a failing test ends."""


class Gate:
    """A function that blocks until it is opened, and tells that it was entered."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.opened = threading.Event()

    def __call__(self, answer: object = None) -> object:
        self.entered.release()
        assert self.opened.wait(LONG)
        return answer

    def wait_until_entered(self) -> None:
        assert self.entered.acquire(timeout=LONG)


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.opened.set()


def test_the_result_comes_back_on_the_loops_thread(loop: EventLoop) -> None:
    pool = ThreadPool(loop)
    results: list[tuple[int, int]] = []

    def answered(job: Job[int]) -> None:
        results.append((job.result(), threading.get_ident()))

    threads: list[int] = []

    def work(first: int, second: int) -> int:
        threads.append(threading.get_ident())
        return first + second

    job = pool.submit(work, 2, 3, on_done=answered)
    assert "pending" in repr(job)
    loop.run()  # returns when the job is done, not before
    assert results == [(5, threading.get_ident())]
    assert threads != [threading.get_ident()]
    assert job.done()
    assert job.result() == 5
    assert "done" in repr(job)


def test_an_exception_comes_back_too(loop: EventLoop) -> None:
    jobs: list[Job[None]] = []
    ThreadPool(loop).submit(fail, on_done=jobs.append)
    loop.run()
    with pytest.raises(ValueError, match="on purpose"):
        jobs[0].result()


def test_even_one_that_would_end_a_thread(loop: EventLoop) -> None:
    pool = ThreadPool(loop, threads=1)
    jobs: list[Job[object]] = []
    pool.submit(sys.exit, 3, on_done=jobs.append)
    pool.submit(str, 7, on_done=jobs.append)
    loop.run()
    with pytest.raises(SystemExit):
        jobs[0].result()
    assert jobs[1].result() == "7"


def test_an_exception_that_nobody_awaits_is_logged(
    loop: EventLoop, caplog: pytest.LogCaptureFixture
) -> None:
    ThreadPool(loop).submit(fail)
    loop.run()
    assert "exception in <function fail" in caplog.text
    assert "ValueError: on purpose" in caplog.text


def test_an_exception_in_on_done_harms_nobody(
    loop: EventLoop, caplog: pytest.LogCaptureFixture
) -> None:
    pool = ThreadPool(loop)
    pool.submit(int, on_done=lambda job: fail())
    loop.run()
    assert "ValueError: on purpose" in caplog.text
    assert not pool.closed


def test_threads_and_queue_are_bounded(loop: EventLoop, gate: Gate) -> None:
    pool = ThreadPool(loop, threads=2, max_queued=3)
    done: list[object] = []
    for number in range(5):
        pool.submit(gate, number, on_done=lambda job: done.append(job.result()))
    gate.wait_until_entered()
    gate.wait_until_entered()
    with pytest.raises(PoolFull, match="3 jobs wait already"):
        pool.submit(gate)
    assert len(pool._threads) == 2
    gate.opened.set()
    loop.run()
    assert sorted(map(str, done)) == ["0", "1", "2", "3", "4"]
    pool.submit(gate)  # there is room again
    loop.run()
    assert len(pool._threads) == 2


def test_a_queue_of_none_still_takes_what_a_thread_is_free_for(loop: EventLoop, gate: Gate) -> None:
    pool = ThreadPool(loop, threads=1, max_queued=0)
    for _ in range(3):
        pool.submit(int)
        loop.run()
    pool.submit(gate)
    gate.wait_until_entered()
    with pytest.raises(PoolFull):
        pool.submit(int)


def test_idle_threads_are_used_again(loop: EventLoop) -> None:
    pool = ThreadPool(loop, threads=8)
    for _ in range(20):
        pool.submit(int)
        loop.run()
    assert len(pool._threads) == 1


def test_cancelling_one_that_waits_makes_room_and_never_runs_it(
    loop: EventLoop, gate: Gate
) -> None:
    pool = ThreadPool(loop, threads=1, max_queued=1)
    ran: list[str] = []
    pool.submit(gate)
    gate.wait_until_entered()
    waiting = pool.submit(ran.append, "no", on_done=lambda job: fail())
    waiting.cancel()
    waiting.cancel()
    assert waiting.cancelled()
    assert "cancelled" in repr(waiting)
    with pytest.raises(RuntimeError, match="was cancelled"):
        waiting.result()
    pool.submit(ran.append, "yes")
    gate.opened.set()
    loop.run()
    assert ran == ["yes"]


def test_cancelling_one_that_runs_discards_its_result(
    loop: EventLoop, gate: Gate, caplog: pytest.LogCaptureFixture
) -> None:
    pool = ThreadPool(loop, threads=1)
    running = pool.submit(gate, on_done=lambda job: fail())
    gate.wait_until_entered()
    running.cancel()
    loop.run()  # does not wait for it
    gate.opened.set()
    done: list[Job[int]] = []
    pool.submit(int, on_done=done.append)  # behind it on the only thread
    loop.run()
    assert len(done) == 1
    assert not running.done()
    assert caplog.text == ""


def test_cancelling_when_the_result_is_on_its_way(loop: EventLoop) -> None:
    pool = ThreadPool(loop, threads=1)
    told: list[str] = []

    def first_told(job: Job[int]) -> None:
        told.append("first")
        second.cancel()
        job.cancel()  # too late, and harmless
        assert not job.cancelled()

    pool.submit(int, on_done=first_told)
    second = pool.submit(int, on_done=lambda job: told.append("second"))
    both_delivered = threading.Event()
    pool.submit(both_delivered.set)  # the only thread delivers a result before it takes a job
    assert both_delivered.wait(LONG)
    loop.run()
    assert told == ["first"]


def test_a_result_is_not_to_be_had_before_it_is_there(loop: EventLoop, gate: Gate) -> None:
    job = ThreadPool(loop).submit(gate)
    assert not job.done()
    with pytest.raises(RuntimeError, match="is not done: wait for on_done"):
        job.result()


@pytest.mark.parametrize("how", ["close the loop", "stop the loop", "close the pool"])
def test_the_end_drops_what_waits_and_discards_what_runs(
    how: str, gate: Gate, caplog: pytest.LogCaptureFixture
) -> None:
    with EventLoop(debug=True) as loop:
        pool = ThreadPool(loop, threads=1)
        running = pool.submit(gate, on_done=lambda job: fail())
        waiting = pool.submit(fail, on_done=lambda job: fail())
        gate.wait_until_entered()
        if how == "close the pool":
            pool.close()
        if how == "stop the loop":
            loop.stop()
            loop.run()
        if how == "close the loop":
            loop.close()
        assert pool.closed
        assert not pool.busy()
        assert not pool._queue
        assert pool not in loop.background
        assert running.cancelled()
        assert waiting.cancelled()
        gate.opened.set()
        for thread in pool._threads:
            thread.join(LONG)
            assert not thread.is_alive()
        if how != "close the loop":
            loop.run()
            with pytest.raises(RuntimeError, match="the pool is closed"):
                pool.submit(int)
    pool.close()
    assert caplog.text == ""


def test_idle_threads_end_with_the_pool(loop: EventLoop) -> None:
    pool = ThreadPool(loop)
    pool.submit(int)
    loop.run()
    pool.close()
    for thread in pool._threads:
        thread.join(LONG)
        assert not thread.is_alive()


def test_results_still_arrive_while_a_stopping_loop_sends_its_output(loop: EventLoop) -> None:
    pool = ThreadPool(loop)
    pool.handle_stop()
    done: list[Job[int]] = []
    pool.submit(int, on_done=done.append)
    loop.run()
    assert len(done) == 1


def test_mistakes_are_told(loop: EventLoop) -> None:
    pool = ThreadPool(loop)
    with pytest.raises(TypeError, match="takes a function and its arguments"):
        pool.submit(cast(Any, 7))
    with pytest.raises(ValueError, match="a pool needs threads >= 1"):
        ThreadPool(loop, threads=0)
    with pytest.raises(ValueError, match=r"a pool needs .* max_queued >= 0"):
        ThreadPool(loop, max_queued=-1)
    loop.close()
    with pytest.raises(RuntimeError, match="the loop is closed"):
        ThreadPool(loop)
    with pytest.raises(RuntimeError, match="the loop is closed"):
        pool.submit(int)


def test_another_thread_is_refused(loop: EventLoop) -> None:
    pool = ThreadPool(loop)
    jobs: list[Job[object]] = []
    pool.submit(pool.submit, int, on_done=jobs.append)
    loop.run()
    with pytest.raises(RuntimeError, match="another thread"):
        jobs[0].result()


def test_no_more_threads_to_be_had(loop: EventLoop, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = ThreadPool(loop, threads=2)
    pool.submit(int)
    loop.run()
    gate = Gate()
    pool.submit(gate)
    gate.wait_until_entered()
    monkeypatch.setattr(threading.Thread, "start", _refuse)
    done: list[Job[int]] = []
    pool.submit(int, on_done=done.append)  # waits for the thread that there is
    gate.opened.set()
    loop.run()
    assert len(done) == 1
    other = ThreadPool(loop)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        other.submit(int)
    assert not other.busy()


def _refuse(thread: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


def test_a_forked_child_has_threads_of_its_own(loop: EventLoop, gate: Gate) -> None:
    pool = ThreadPool(loop, threads=1)
    answers: list[object] = []
    running = pool.submit(gate, "the parent's", on_done=lambda job: answers.append(job.result()))
    ran_twice: list[bool] = []
    waiting = pool.submit(ran_twice.append, True)
    gate.wait_until_entered()

    def go_on() -> None:
        assert running.cancelled()
        assert waiting.cancelled()
        assert not pool.busy()
        pool.submit(str, "the child's", on_done=lambda job: answers.append(job.result()))
        loop.run()
        assert answers == ["the child's"]
        assert ran_twice == []

    in_child(go_on)
    waiting.cancel()
    gate.opened.set()
    loop.run()
    assert answers == ["the parent's"]


def test_a_pool_that_was_not_used_yet_is_usable_in_a_forked_child(loop: EventLoop) -> None:
    pool = ThreadPool(loop)
    done: list[Job[int]] = []
    pool.after_fork()
    pool.submit(int, on_done=done.append)
    loop.run()
    assert len(done) == 1


def test_a_job_that_hangs_does_not_hold_the_exit() -> None:
    program = (
        "import threading\n"
        "from miniloop import EventLoop, ThreadPool\n"
        "entered = threading.Event()\n"
        "def hang():\n"
        "    entered.set()\n"
        "    threading.Event().wait(600)\n"
        "with EventLoop() as loop:\n"
        "    ThreadPool(loop).submit(hang)\n"
        "    entered.wait()\n"
        "print('bye')\n"
    )
    command = [sys.executable, "-W", "error", "-c", program]
    result = subprocess.run(command, capture_output=True, timeout=LONG, text=True, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (0, "bye\n", "")


def test_ten_thousand_results_none_lost(loop: EventLoop) -> None:
    pool = ThreadPool(loop, max_queued=10_000)
    seen: set[int] = set()
    for number in range(10_000):
        pool.submit(abs, number, on_done=lambda job: seen.add(job.result()))
    loop.run()
    assert seen == set(range(10_000))


def test_a_thread_that_waits_keeps_no_job(loop: EventLoop) -> None:
    pool = ThreadPool(loop)
    gone = threading.Event()
    weakref.finalize(pool.submit(abs, -1, on_done=Job.result), gone.set)
    loop.run()
    assert gone.wait(LONG)
