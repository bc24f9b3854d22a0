from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence

import pytest

from examples.chatroom.doors.queues import Queues
from examples.chatroom.hall.hall import Hall
from examples.chatroom.hall.history import MemoryStore, Write, Written
from examples.chatroom.hall.limits import Limits
from examples.chatroom.keeping import Keeping
from examples.chatroom.status import Status
from examples.chatroom.storage.clock import SteadyClock
from miniloop import EventLoop
from miniloop.testing import FakeClock
from tests.doubles import scripted
from tests.examples.chatroom.helpers import later, person


class Disk(MemoryStore):
    """A store whose disk may be full."""

    problem = ""

    def write(self, writes: Sequence[Write], done: Callable[[Written], None]) -> None:
        if self.problem:
            done(Written(problem=self.problem))
        else:
            super().write(writes, done)


@pytest.fixture
def world() -> Iterator[tuple[EventLoop, FakeClock]]:
    with scripted() as (loop, _, clock):
        yield loop, clock


def test_all_is_well_at_first(world: tuple[EventLoop, FakeClock]) -> None:
    figures = Status(world[0], Hall(Limits()), Keeping()).figures()
    assert figures["healthy"]
    assert figures["problems"] == []
    assert figures["members"] == {"all": 0, "telnet": 0, "web": 0}
    assert figures["rooms"] == 1
    assert figures["history"]["where"] == "memory"
    assert figures["tls"] == {"on": False, "certificate_ends": None}
    json.dumps(figures)


def test_people_and_what_they_say_are_counted(world: tuple[EventLoop, FakeClock]) -> None:
    loop, clock = world
    hall = Hall(Limits())
    status = Status(loop, hall, Keeping())
    ann, _ = person(hall, "ann"), person(hall, "bob")
    ann.types("one", "two", "three", "/join den", "/msg bob psst")
    status.tick()
    clock.advance(1)
    figures = status.figures()
    assert figures["members"] == {"all": 2, "telnet": 2, "web": 0}
    assert figures["connections"]["counted"] == 2
    assert figures["rooms"] == 2
    assert figures["messages_per_s"]["1s"] == 3
    assert figures["counts"]["messages"] == 3
    assert figures["counts"]["whispers"] == 1
    assert figures["uptime_s"] == 1


def test_no_name_gets_out(world: tuple[EventLoop, FakeClock]) -> None:
    hall = Hall(Limits())
    person(hall, "zacharias").types("/join catacombs", "secrets")
    text = json.dumps(Status(world[0], hall, Keeping()).figures())
    for secret in ("zacharias", "catacombs", "secrets", "192.0.2"):
        assert secret not in text


def test_figures_are_taken_once_a_second(world: tuple[EventLoop, FakeClock]) -> None:
    loop, clock = world
    hall = Hall(Limits())
    status = Status(loop, hall, Keeping())
    first = status.figures()
    person(hall, "ann")
    assert status.figures() is first
    clock.advance(1)
    assert status.figures()["members"]["all"] == 1


def test_trouble_with_the_disk_is_told_with_its_age(world: tuple[EventLoop, FakeClock]) -> None:
    loop, clock = world
    disk = Disk(100)
    hall = Hall(Limits(), disk)
    status = Status(loop, hall, Keeping())
    disk.problem = "the disk is full"
    person(hall, "ann").types("hello")
    status.tick()
    clock.advance(7)
    figures = status.figures()
    assert not figures["healthy"]
    assert figures["problems"] == ["The history cannot be written: the disk is full."]
    assert figures["history"]["problem"] == "the disk is full"
    assert figures["history"]["trouble_s"] == 7
    assert figures["queues"]["writes_waiting"] >= 1
    disk.problem = ""
    hall.tick(later(60))
    status.tick()
    clock.advance(1)
    figures = status.figures()
    assert figures["healthy"]
    assert figures["history"]["trouble_s"] == 0


def test_a_history_that_was_not_opened_is_told(world: tuple[EventLoop, FakeClock]) -> None:
    keeping = Keeping(problem="/home/x/history: it is damaged.")
    figures = Status(world[0], Hall(Limits()), keeping).figures()
    assert figures["problems"] == ["The history could not be opened; it is kept in memory."]
    assert "/home" not in json.dumps(figures)


def test_a_slow_loop_is_told(world: tuple[EventLoop, FakeClock]) -> None:
    loop, clock = world
    status = Status(loop, Hall(Limits()), Keeping())
    clock.advance(3)
    for _ in range(40):
        loop.run_once(0)
    assert status.problems() == ["The loop is often more than 1 s late."]


def test_the_queues_of_all_doors_are_summed_up(world: tuple[EventLoop, FakeClock]) -> None:
    status = Status(world[0], Hall(Limits()), Keeping())
    status.doors["telnet"] = lambda: Queues.of([1, 5, 0])
    status.doors["web"] = lambda: Queues.from_figures(
        {"connections": 2, "output_queued": 30, "output_largest": 20}
    )
    figures = status.figures()
    assert figures["queues"]["output_bytes"] == 36
    assert figures["queues"]["largest_output_bytes"] == 20
    assert figures["connections"] == {"counted": 0, "limit": 500, "telnet": 3, "web": 2}


def test_a_clock_that_is_off_is_told(world: tuple[EventLoop, FakeClock]) -> None:
    loop, _ = world
    clock = SteadyClock(loop.time, lambda: 1_700_000_000.0)
    clock.begin(1_700_000_000.0 - 3600.0)
    figures = Status(loop, Hall(Limits()), Keeping(clock=clock)).figures()
    assert figures["history"]["clock_ahead_s"] == 3600
