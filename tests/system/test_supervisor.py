"""Which worker is started, retired, stopped and killed, and when: without processes."""

import errno
import logging
from collections.abc import Callable, Iterator
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniloop import EventLoop
from miniloop.system.backoff import Backoff
from miniloop.system.supervisor import Supervisor, describe
from miniloop.system.worker_states import Limits, Phase
from miniloop.testing import FakeClock
from tests.doubles import scripted

LIMITS = Limits(start=60.0, drain=20.0, grace=3.0, margin=4.0)


class FakeProcess:
    """A process that does what the test says; it notes what it is told."""

    def __init__(
        self, pid: int, number: int, on_ready: Callable[[], None], on_exit: Callable[[int], None]
    ) -> None:
        self.pid = pid
        self.number = number
        self.ready = on_ready
        self._on_exit = on_exit
        self.told: list[str] = []
        self.alive = True

    def retire(self) -> None:
        self.told.append("retire")

    def stop(self) -> None:
        self.told.append("stop")

    def kill(self) -> None:
        self.told.append("kill")

    def exit(self, code: int) -> None:
        self.alive = False
        self._on_exit(code)


class Setup:
    """A supervisor of fake processes, on a loop with a fake clock."""

    def __init__(self, loop: EventLoop, clock: FakeClock, slots: int) -> None:
        self.loop = loop
        self.clock = clock
        self.processes: list[FakeProcess] = []
        self.said: list[str] = []
        self.opened: list[float] = []
        self.refused = False
        self._pids = count(100)
        backoffs = [Backoff(first=1.0, longest=8.0, healthy=10.0) for _ in range(slots)]
        self.supervisor = Supervisor(
            loop, self.spawn, backoffs, LIMITS, self, lambda: self.opened.append(loop.time())
        )

    def spawn(
        self, number: int, on_ready: Callable[[], None], on_exit: Callable[[int], None]
    ) -> FakeProcess:
        if self.refused:
            raise OSError(errno.EAGAIN, "no more processes")
        process = FakeProcess(next(self._pids), number, on_ready, on_exit)
        self.processes.append(process)
        return process

    def ready(self) -> None:
        self.said.append("ready")

    def reloading(self) -> None:
        self.said.append("reloading")

    def stopping(self) -> None:
        self.said.append("stopping")

    def serving(self) -> list[FakeProcess]:
        """Start, and have every worker get ready; return them."""
        self.supervisor.start()
        for process in self.alive():
            process.ready()
        return self.alive()

    def phase(self) -> Phase:
        return self.supervisor.phase

    def alive(self) -> list[FakeProcess]:
        return [process for process in self.processes if process.alive]

    def after(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.loop.run_once(0)


@pytest.fixture
def two() -> Iterator[Setup]:
    with scripted() as (loop, _, clock):
        yield Setup(loop, clock, 2)


@pytest.fixture
def one() -> Iterator[Setup]:
    with scripted() as (loop, _, clock):
        yield Setup(loop, clock, 1)


# -- starting -------------------------------------------------------------------------------------


def test_the_service_is_ready_when_every_slot_serves(two: Setup) -> None:
    two.supervisor.start()
    first, second = two.processes
    assert [first.number, second.number] == [0, 1]
    first.ready()
    assert two.said == []
    second.ready()
    assert two.said == ["ready"]
    assert two.opened == []  # not yet: between the handlers
    two.after(0.0)
    assert len(two.opened) == 1
    assert two.phase() is Phase.SERVING


def test_a_worker_that_fails_at_start_is_started_again_ever_later(one: Setup) -> None:
    one.supervisor.start()
    starts = []
    for _ in range(6):
        one.alive()[0].exit(1)
        waited = 0
        while not one.alive():
            one.after(1.0)
            waited += 1
        starts.append(waited)
    assert starts == [1, 2, 4, 8, 8, 8]
    assert one.said == []


def test_a_worker_that_gets_ready_and_dies_at_once_backs_off_too(one: Setup) -> None:
    one.supervisor.start()
    for delay in (1.0, 2.0, 4.0):
        one.alive()[0].ready()
        one.alive()[0].exit(-9)
        one.after(delay - 0.5)
        assert one.alive() == []
        one.after(0.5)
        assert len(one.alive()) == 1


def test_a_worker_that_served_for_a_healthy_time_is_back_soon(one: Setup) -> None:
    one.supervisor.start()
    for _ in range(3):
        one.alive()[0].exit(1)
        one.after(8.0)
    one.alive()[0].ready()
    one.after(10.0)
    one.alive()[0].exit(1)
    one.after(1.0)
    assert len(one.alive()) == 1


def test_time_before_it_was_ready_is_not_healthy(one: Setup) -> None:
    one.supervisor.start()
    one.after(50.0)
    one.alive()[0].exit(1)
    one.after(1.0)
    one.after(50.0)
    one.alive()[0].exit(1)
    one.after(1.0)
    assert one.alive() == []


def test_a_process_that_the_system_refuses_counts_as_failed(
    one: Setup, caplog: pytest.LogCaptureFixture
) -> None:
    one.refused = True
    one.supervisor.start()
    assert "cannot be started: [Errno 11] no more processes" in caplog.text
    one.refused = False
    one.after(1.0)
    assert len(one.serving()) == 1
    assert one.said == ["ready"]


def test_a_worker_that_never_gets_ready_is_killed(one: Setup) -> None:
    one.supervisor.start()
    one.after(59.0)
    assert one.processes[0].told == []
    one.after(1.0)
    assert one.processes[0].told == ["kill"]
    one.processes[0].exit(-9)
    one.after(1.0)
    one.processes[1].ready()
    one.after(600.0)
    assert one.processes[1].told == []


# -- dying ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "words"), [(0, "exit status 0"), (-15, "killed by SIGTERM")])
def test_a_worker_that_ends_is_replaced_in_its_slot(
    two: Setup, caplog: pytest.LogCaptureFixture, code: int, words: str
) -> None:
    _, second = two.serving()
    two.after(5.0)
    second.exit(code)
    assert f"worker 1 (process 101) ended after 5.0 seconds: {words}; it is started" in caplog.text
    two.after(1.0)
    assert [process.number for process in two.alive()] == [0, 1]
    assert two.said == ["ready"]


# -- reloading ------------------------------------------------------------------------------------


def test_an_old_worker_retires_when_the_new_one_is_ready(two: Setup) -> None:
    old = two.serving()
    two.supervisor.reload()
    new = two.processes[2:]
    assert [process.number for process in new] == [0, 1]
    assert two.said == ["ready", "reloading"]
    assert [process.told for process in old] == [[], []]
    new[1].ready()
    assert [process.told for process in old] == [[], ["retire"]]
    assert two.said == ["ready", "reloading"]
    new[0].ready()
    assert [process.told for process in old] == [["retire"], ["retire"]]
    assert two.said == ["ready", "reloading", "ready"]
    assert two.phase() is Phase.DRAINING
    for process in old:
        process.exit(0)
    assert two.phase() is Phase.SERVING
    two.after(100.0)
    assert len(two.opened) == 1
    assert two.alive() == new
    assert [process.told for process in new] == [[], []]


def test_a_new_worker_that_fails_leaves_the_old_one(
    one: Setup, caplog: pytest.LogCaptureFixture
) -> None:
    (old,) = one.serving()
    one.supervisor.reload()
    one.processes[1].exit(1)
    assert "the other worker of its slot goes on" in caplog.text
    assert one.said == ["ready", "reloading", "ready"]
    one.after(100.0)
    assert one.alive() == [old]
    assert old.told == []
    old.exit(1)
    one.after(1.0)
    assert len(one.alive()) == 1


def test_a_process_that_is_refused_in_a_reload_leaves_the_old_one(one: Setup) -> None:
    (old,) = one.serving()
    one.refused = True
    one.supervisor.reload()
    assert one.said == ["ready", "reloading", "ready"]
    assert one.phase() is Phase.SERVING
    assert one.alive() == [old]


def test_an_old_worker_that_dies_in_a_reload_is_not_replaced_twice(one: Setup) -> None:
    (old,) = one.serving()
    one.supervisor.reload()
    old.exit(-11)
    one.after(100.0)
    (new,) = one.alive()
    new.ready()
    assert one.phase() is Phase.SERVING
    assert one.said == ["ready", "reloading", "ready"]


def test_both_workers_of_a_slot_die_in_a_reload(one: Setup) -> None:
    (old,) = one.serving()
    one.supervisor.reload()
    old.exit(-11)
    one.processes[1].exit(1)
    one.after(1.0)
    assert len(one.alive()) == 1


def test_the_new_worker_dies_while_the_old_one_retires(one: Setup) -> None:
    one.serving()
    one.supervisor.reload()
    one.processes[1].ready()
    one.processes[1].exit(1)
    one.after(1.0)
    assert len(one.alive()) == 2  # the old one accepts no more: it does not count
    one.processes[0].exit(0)
    assert one.phase() is Phase.SERVING


def test_reloads_during_a_reload_are_one_more(two: Setup) -> None:
    two.serving()
    for _ in range(100):
        two.supervisor.reload()
    assert len(two.alive()) == 4
    for process in two.processes[2:]:
        process.ready()
    for _ in range(100):
        two.supervisor.reload()
    assert len(two.alive()) == 4
    for process in two.processes[:2]:
        process.exit(0)
    assert len(two.processes) == 6
    assert two.phase() is Phase.RELOADING
    for process in two.processes[4:]:
        process.ready()
    for process in two.processes[2:4]:
        process.exit(0)
    assert len(two.processes) == 6
    assert two.phase() is Phase.SERVING
    assert two.said == ["ready", "reloading", "ready", "reloading", "ready"]


def test_a_reload_does_not_wait_for_a_restart(one: Setup) -> None:
    one.serving()[0].exit(1)
    one.supervisor.reload()
    assert len(one.alive()) == 1
    one.after(100.0)
    assert len(one.processes) == 2


def test_a_reload_before_all_serve_starts_those_that_wait_and_follows(two: Setup) -> None:
    two.supervisor.start()
    first, second = two.processes
    first.ready()
    second.exit(1)
    two.supervisor.reload()
    assert [process.number for process in two.alive()] == [0, 1]
    two.alive()[1].ready()
    assert two.said == ["ready", "reloading"]
    assert [process.number for process in two.alive()] == [0, 1, 0, 1]


def test_a_worker_that_starts_over_a_reload_retires_too(one: Setup) -> None:
    one.serving()[0].exit(1)
    one.after(1.0)
    one.supervisor.reload()
    older, newer = one.alive()
    newer.ready()
    assert older.told == ["retire"]
    older.ready()
    assert newer.told == []


def test_a_worker_that_retires_for_too_long_is_killed(one: Setup) -> None:
    (old,) = one.serving()
    one.supervisor.reload()
    one.processes[1].ready()
    one.after(26.0)
    assert old.told == ["retire"]
    one.after(1.0)
    assert old.told == ["retire", "kill"]
    old.exit(-9)
    assert one.phase() is Phase.SERVING
    assert not one.supervisor.killed


# -- stopping -------------------------------------------------------------------------------------


def test_stop_ends_all_in_order(two: Setup) -> None:
    workers = two.serving()
    two.supervisor.stop()
    assert two.said == ["ready", "stopping"]
    assert [process.told for process in workers] == [["stop"], ["stop"]]
    for process in workers:
        process.exit(0)
    two.loop.run()  # nothing is left to wait for
    assert not two.supervisor.killed
    assert len(two.processes) == 2


def test_stop_in_a_reload_stops_old_and_new(two: Setup) -> None:
    two.serving()
    two.supervisor.reload()
    two.supervisor.reload()
    two.processes[2].ready()
    two.supervisor.stop()
    assert [process.told[-1] for process in two.processes] == ["stop"] * 4
    two.processes[3].ready()
    for process in two.processes:
        process.exit(0)
    two.supervisor.reload()
    two.loop.run()
    assert len(two.processes) == 4
    assert two.said == ["ready", "reloading", "stopping"]


def test_stop_cancels_a_restart(one: Setup) -> None:
    one.supervisor.start()
    one.processes[0].exit(1)
    one.supervisor.stop()
    one.loop.run()
    assert len(one.processes) == 1


def test_a_worker_that_does_not_stop_is_killed(one: Setup) -> None:
    (worker,) = one.serving()
    one.supervisor.stop()
    one.after(6.0)
    assert worker.told == ["stop"]
    one.after(1.0)
    assert worker.told == ["stop", "kill"]
    worker.exit(-9)
    one.loop.run()
    assert one.supervisor.killed


def test_a_second_stop_kills_at_once(two: Setup) -> None:
    first, second = two.serving()
    two.supervisor.stop()
    first.exit(0)
    two.supervisor.stop()
    assert (first.told, second.told) == (["stop"], ["stop", "kill"])
    second.exit(-9)
    two.loop.run()
    assert two.supervisor.killed


# -- whatever happens -----------------------------------------------------------------------------

EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["ready", "exit", "reload", "wait", "refuse", "allow"]), st.integers(0, 9)
    ),
    max_size=60,
)


@given(EVENTS, st.integers(1, 3), st.booleans())
def test_whatever_happens_every_slot_serves_in_the_end(
    events: list[tuple[str, int]], slots: int, stop: bool
) -> None:
    """And there are never more than twice as many processes, and none is left behind."""
    logging.disable()
    try:
        with scripted() as (loop, _, clock):
            setup = Setup(loop, clock, slots)
            setup.supervisor.start()
            for event, which in events:
                happen(setup, event, which)
                assert len(setup.alive()) <= 2 * slots
            setup.refused = False
            if stop:
                setup.supervisor.stop()
            settle(setup)
            check_settled(setup, slots, stopped=stop)
    finally:
        logging.disable(logging.NOTSET)


def happen(setup: Setup, event: str, which: int) -> None:
    if event in ("ready", "exit") and setup.alive():
        process = setup.alive()[which % len(setup.alive())]
        process.ready() if event == "ready" else process.exit(which)
    elif event == "reload":
        setup.supervisor.reload()
    elif event == "wait":
        setup.after(float(which))
    else:
        setup.refused = event == "refuse"


def settle(setup: Setup) -> None:
    """Have every process do what it was told, until none is told anything more."""
    for _ in range(20):
        for process in setup.alive():
            process.exit(0) if process.told else process.ready()
        setup.after(8.0)


def check_settled(setup: Setup, slots: int, stopped: bool) -> None:
    numbers = sorted(process.number for process in setup.alive())
    assert numbers == ([] if stopped else [*range(slots)])
    assert setup.phase() is (Phase.STOPPING if stopped else Phase.SERVING)
    assert [process.told for process in setup.alive()] == [[]] * len(numbers)
    assert setup.said[-1] == ("stopping" if stopped else "ready")
    if stopped:
        setup.loop.run()


@pytest.mark.parametrize(
    ("code", "words"), [(3, "exit status 3"), (-15, "killed by SIGTERM"), (-63, "killed by signal")]
)
def test_an_exit_status_in_words(code: int, words: str) -> None:
    assert describe(code).startswith(words)
