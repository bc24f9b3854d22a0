"""The assembly of the parts; tests/integration/ tests the doors themselves."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from examples.chatroom.hall.hall import Hall
from examples.chatroom.hall.history import MemoryStore, Write, Written
from examples.chatroom.hall.limits import Limits
from examples.chatroom.hall.messages import Kind, Moment
from examples.chatroom.keeping import Keeping
from examples.chatroom.people.operators import Operators
from examples.chatroom.server import ChatServer
from examples.chatroom.storage.clock import SteadyClock
from miniloop import EventLoop
from miniloop.testing import FakeClock
from tests.doubles import scripted
from tests.examples.chatroom.helpers import person

World = tuple[EventLoop, FakeClock]


class Disk(MemoryStore):
    """A store whose disk may be full."""

    problem = ""
    writes = 0

    def write(self, writes: Sequence[Write], done: Callable[[Written], None]) -> None:
        self.writes += 1
        if self.problem:
            done(Written(problem=self.problem))
        else:
            super().write(writes, done)


@pytest.fixture
def world() -> Iterator[World]:
    with scripted() as (loop, _, clock):
        yield loop, clock


def test_once_a_second_the_hall_and_the_status_are_told(world: World) -> None:
    loop, clock = world
    disk = Disk(100)
    hall = Hall(Limits(), disk)
    server = ChatServer(loop, hall, Keeping(), Operators())
    disk.problem = "the disk is full"
    ann = person(hall, "ann")
    ann.types("hello")
    disk.problem = ""
    for _ in range(10):
        clock.advance(1)
        loop.run_once(0)
    assert not hall.ledger.problem
    assert server.status.figures()["messages_per_s"]["15min"] > 0


def test_one_failed_tick_is_not_the_last(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    loop, clock = world
    hall = Hall(Limits())
    ticks: list[Moment] = []

    def tick(now: Moment) -> None:
        ticks.append(now)
        raise ValueError("on purpose")

    monkeypatch.setattr(hall, "tick", tick)
    ChatServer(loop, hall, Keeping(), Operators())
    for _ in range(3):
        clock.advance(1)
        loop.run_once(0)
    assert len(ticks) == 3
    assert "on purpose" in caplog.text


def test_a_full_disk_gets_a_last_chance(world: World, caplog: pytest.LogCaptureFixture) -> None:
    loop, _ = world
    disk = Disk(100)
    hall = Hall(Limits(), disk)
    ChatServer(loop, hall, Keeping(), Operators())
    disk.problem = "the disk is full"
    ann = person(hall, "ann")
    ann.types("hello")
    disk.problem = ""
    caplog.clear()
    loop.stop()
    loop.run()
    assert len(hall.ledger) == 0
    assert ann.screen.kinds()[-1] is Kind.CLOSING
    assert "lost" not in caplog.text.replace("0 of what was held up is lost", "")


def test_what_is_lost_at_the_end_is_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    loop, _ = world
    disk = Disk(100)
    hall = Hall(Limits(), disk)
    ChatServer(loop, hall, Keeping(), Operators())
    disk.problem = "the disk is full"
    person(hall, "ann").types("hello")
    caplog.clear()
    loop.stop()
    loop.run()
    held = len(hall.ledger)
    assert held > 0
    assert f"{held} messages and changes could not be stored, and are lost." in caplog.text


def test_sighup_reads_the_operators_again(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    file = tmp_path / "operators"
    operators = Operators(file)
    ChatServer(world[0], Hall(Limits()), Keeping(), operators)
    file.write_text("nonsense\n")
    file.chmod(0o600)
    signal.raise_signal(signal.SIGHUP)
    world[0].run_once(0)
    assert "Reading the files again." in caplog.text
    assert "The operators stay who they were: Line 1" in caplog.text


def test_a_moment_has_the_time_by_which_ages_are_measured(world: World) -> None:
    loop, _ = world
    clock = SteadyClock(loop.time, lambda: 9_000.0)
    clock.begin(1_000.0)
    server = ChatServer(
        loop, Hall(Limits()), Keeping(clock=clock), Operators(), wall=lambda: 9_000.0
    )
    assert (server.moment().wall, server.moment().age) == (9_000.0, 1_000.0)
    plain = ChatServer(loop, Hall(Limits()), Keeping(), Operators(), wall=lambda: 9_000.0)
    assert plain.moment().age == 9_000.0
