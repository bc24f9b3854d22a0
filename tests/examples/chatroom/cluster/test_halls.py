"""Halls at several nodes on the real feeds, whatever the engine, the nodes and the network do.

Nothing that was shown is lost, duplicated, or shown in another order; a message from a member of
a surviving node is there in the end, at all nodes.
"""

from __future__ import annotations

import itertools
import logging
import random
from collections.abc import Iterator
from itertools import pairwise

import pytest

pytest.importorskip("hiredis", reason="needs the extra [redis]")
pytest.importorskip("lupa", reason="needs lupa, which runs the engine's scripts")

from examples.chatroom.hall.messages import Kind
from miniloop.testing import GENTLE, Faults

from ..helpers import Person
from .halls import Halls
from .nodes import about, said

WEATHERS = (GENTLE, Faults(), Faults(latency=(0, 0.3), split=0.5, shuffle=0.5), Faults(reset=0.002))


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def town() -> Iterator[Halls]:
    town = Halls()
    for name in "abc":
        town.start(name)
    town.up()
    yield town
    town.close()


def come_in(town: Halls, **names: str) -> list[Person]:
    people = [town.enter(server, name) for name, server in names.items()]
    town.calm()
    for each in people:
        assert each.session.logged_in
        each.screen.clear()
    return people


def test_one_hall_over_the_engine(town: Halls) -> None:
    ann, bob, cid = come_in(town, ann="a", bob="b", cid="c")
    for number in range(5):
        for each in (ann, bob, cid):
            town.types(each, f"{number}")
    town.calm()
    assert len(said(ann)) == 15
    assert said(ann) == said(bob) == said(cid)
    town.types(ann, "/join garden", "roses", "/lock thorns")
    town.calm()
    town.types(bob, "/join garden", "/join garden thorns", "I see", "/msg cid psst")
    town.calm()
    assert said(ann)[-1] == ("bob", "I see")
    assert cid.screen.texts(Kind.WHISPERED) == ["psst"]


def test_the_engine_dies_and_comes_back(town: Halls) -> None:
    ann, bob = come_in(town, ann="a", bob="b")
    town.redis.kill()
    town.run(1)
    town.types(ann, "one", "two")
    town.run(20)  # longer than names and nodes last
    assert said(bob) == []
    town.redis.start(loading=3.0)
    town.calm()
    assert said(ann) == said(bob) == [("ann", "one"), ("ann", "two")]
    assert ann.session.name == "ann"
    town.types(bob, "/who")
    town.calm()
    assert bob.notices()[-1] in ("lobby: ann, bob", "lobby: bob, ann")


def test_a_node_is_killed_and_its_members_leave(town: Halls) -> None:
    ann, _ = come_in(town, ann="a", bob="b")
    town.kill("b")
    town.run(40)
    assert about(ann, Kind.LEFT) == ["bob"]
    assert ann.screen.texts(Kind.LEFT) == ["connection lost"]
    again = town.enter("c", "bob")
    town.calm()
    assert again.session.logged_in


def test_a_node_stops_for_half_a_minute_and_goes_on(town: Halls) -> None:
    ann, bob = come_in(town, ann="a", bob="b")
    town.stop("b")
    town.types(ann, "one")
    town.run(30)
    town.types(ann, "two")
    assert about(ann, Kind.LEFT) == ["bob"]
    town.go_on("b")
    town.calm()
    town.run(10)
    town.types(bob, "three")
    town.calm()
    assert said(bob) == said(ann) == [("ann", "one"), ("ann", "two"), ("bob", "three")]
    town.types(ann, "/who")
    town.calm()
    assert ann.notices()[-1] in ("lobby: ann, bob", "lobby: bob, ann")


def test_an_engine_without_its_data_is_told_all_again(town: Halls) -> None:
    ann, bob = come_in(town, ann="a", bob="b")
    town.redis.save()
    town.types(ann, "/join garden", "/topic Roses")
    town.calm()
    town.redis.kill()
    town.redis.start(lost=True)
    town.calm()
    town.run(20)
    town.types(bob, "/join garden", "here")
    town.calm()
    assert said(ann)[-1] == ("bob", "here")
    assert "Roses" in " ".join(bob.reads())


def test_a_rolling_restart_loses_nothing(town: Halls) -> None:
    ann, bob, cid = come_in(town, ann="a", bob="b", cid="c")
    for name, someone in (("a", ann), ("b", bob)):
        town.types(someone, f"the last of {name}")
        town.end(name)
        town.start(name)
        town.calm()
    assert said(cid) == [("ann", "the last of a"), ("bob", "the last of b")]
    assert cid.screen.texts(Kind.LEFT) == ["its server was shut down"] * 2
    late = town.enter("a", "dan")
    town.calm()
    assert "the last of b" in " ".join(late.reads())
    stored = [[m.text for m in store.said["lobby"].values()] for store in town.stores.values()]
    assert stored == [["the last of a", "the last of b"]] * 3


class Schedule:
    """Random people and random faults."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.town = Halls(seed, self.chance.choice(WEATHERS))
        self.people: dict[str, list[Person]] = {}
        self.lines: dict[str, str] = {}  # and the rooms of the lines
        self.stopped: set[str] = set()
        self.numbers = itertools.count()

    def run(self) -> None:
        for name in "abc":
            self.town.start(name)
        self.town.up()
        for number in range(6):
            self.come_in(self.chance.choice("abc"), f"p{number}")
        self.town.calm()
        for _ in range(40):
            self.chance.choice((self.talk, self.talk, self.talk, self.wait, self.trouble))()
        self.mend()
        self.check()
        self.town.close()

    def come_in(self, server: str, name: str) -> None:
        self.people.setdefault(server, []).append(self.town.enter(server, name))

    def talk(self) -> None:
        running = [name for name in self.town.servers if name not in self.stopped]
        here = [(name, each) for name in running for each in self.people.get(name, ())]
        if here:
            name, someone = self.chance.choice(here)
            if someone.session.logged_in and not someone.session.ended:
                line = f"line {next(self.numbers)}"
                self.lines[line] = name
                self.town.types(someone, line)

    def wait(self) -> None:
        self.town.run(self.chance.choice((0.01, 0.1, 1.0, 4.0)))

    def trouble(self) -> None:
        trouble = (self.kill_engine, self.cut, self.kill_node, self.stop_node, self.restart_node)
        self.chance.choice(trouble)()

    def kill_engine(self) -> None:
        if self.town.redis.running:
            self.town.redis.kill()
            self.town.run(self.chance.choice((0.1, 3.0, 20.0)))
        self.start_engine()

    def start_engine(self) -> None:
        if not self.town.redis.running:
            self.town.redis.start(loading=self.chance.choice((0.0, 2.0)))

    def cut(self) -> None:
        self.town.redis.drop_connections()

    def kill_node(self) -> None:
        name = self.chance.choice(sorted(self.town.servers))
        if name not in self.stopped:
            self.town.kill(name)
            self.lines = {line: at for line, at in self.lines.items() if at != name}
            self.people[name] = []
            self.begin(name)

    def restart_node(self) -> None:
        name = self.chance.choice(sorted(self.town.servers))
        if name not in self.stopped:
            self.town.end(name)
            self.people[name] = []
            self.begin(name)

    def begin(self, name: str) -> None:
        self.town.run(self.chance.choice((0.0, 1.0, 20.0)))
        self.town.start(name)
        self.come_in(name, f"{name}{self.chance.randrange(1000)}")

    def stop_node(self) -> None:
        name = self.chance.choice(sorted(self.town.servers))
        if name not in self.stopped:
            self.stopped.add(name)
            self.town.stop(name)
        else:
            self.stopped.discard(name)
            self.town.go_on(name)

    def mend(self) -> None:
        for name in sorted(self.stopped):
            self.town.go_on(name)
        self.start_engine()
        self.town.calm()
        self.town.run(60.0)
        self.town.calm()

    def check(self) -> None:
        stored = [store.said.get("lobby", {}) for store in self.town.stores.values()]
        texts = [[each.text for each in messages.values()] for messages in stored]
        assert texts[0] == texts[1] == texts[2]
        assert len(set(texts[0])) == len(texts[0])
        assert set(self.lines) <= set(texts[0])
        for someone in (each for people in self.people.values() for each in people):
            self.check_screen(someone, texts[0])
        who = {
            tuple(sorted(each.shown for each in server.hall.names))
            for server in self.town.servers.values()
        }
        assert len(who) == 1
        rooms = {
            tuple(sorted(each.shown for each in server.hall.rooms.lobby.members))
            for server in self.town.servers.values()
        }
        assert rooms == who

    def check_screen(self, someone: Person, texts: list[str]) -> None:
        shown = [m for m in someone.screen.messages if m.kind is Kind.SAID]
        assert all(one.id < other.id for one, other in pairwise(shown))
        assert {m.text for m in shown} <= set(texts)


@pytest.mark.parametrize("seed", range(12))
def test_schedules(seed: int) -> None:
    Schedule(seed).run()
