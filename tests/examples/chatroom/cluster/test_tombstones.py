"""Deletions are remembered for nodes that were away, for a limited time and in a limited number."""

from __future__ import annotations

import pytest

from examples.chatroom.cluster import room_reader, tombstones
from examples.chatroom.cluster.interface import Body
from examples.chatroom.hall.history import MemoryStore

from .nodes import Cluster, cluster, said

DAY = 86_400


def stones(town: Cluster, feed: str) -> set[str]:
    state = town.world.feed(feed).state
    return {name.partition("/")[2] for name in state if name.startswith("forgotten/")}


def test_only_the_newest_tombstones_of_a_room_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (tombstones, room_reader):
        monkeypatch.setattr(module, "MOST", 3)
    town = cluster("a", "b")
    ann = town.enter("a", "ann")
    town.types(ann, *(f"line {number}" for number in range(9)))
    numbers = [message.id for message in town.servers["a"].hall.rooms.lobby.tail]
    for number in numbers[:-1]:
        town.servers["b"].hall.order.forget_message(number)
        town.settle()
        assert len(stones(town, "room:lobby")) <= 6
    assert str(numbers[-2]) in stones(town, "room:lobby")
    assert [each.text for each in town.servers["a"].hall.rooms.lobby.tail] == ["line 8"]
    town.start("c")
    assert stones(town, "room:lobby") == set(map(str, numbers[-4:-1]))
    assert town.servers["a"].node.figures()["senseless"] == 0


def test_a_node_that_was_away_forgets_what_was_forgotten_meanwhile() -> None:
    town = cluster("a", "b")
    ann, bob = town.enter("a", "ann"), town.enter("b", "bob")
    town.types(ann, "secret", "other")
    number = town.servers["a"].hall.rooms.lobby.tail[0].id
    town.servers["b"].engine.reachable = False
    town.servers["a"].hall.order.forget_message(number)
    town.settle()
    assert len(said(bob)) == 2
    town.servers["b"].engine.reachable = True
    town.settle()
    assert [each.text for each in town.servers["b"].hall.rooms.lobby.tail] == ["other"]


def test_tombstones_go_after_thirty_days() -> None:
    town = cluster("a")
    ann = town.enter("a", "ann")
    town.types(ann, "one", "/join garden", "roses", "/join lobby")
    hall = town.servers["a"].hall
    hall.order.forget_message(hall.rooms.lobby.tail[0].id)
    hall.order.forget_room(hall.rooms.find("garden"), "", town.now)
    town.settle()
    assert (len(stones(town, "room:lobby")), stones(town, "hall")) == (1, {"garden"})
    for days, left in ((29, 1), (31, 0)):
        town.now = type(town.now)(town.now.mono, town.now.wall + days * DAY)
        town.start(f"late-{days}", MemoryStore(10))
        assert len(stones(town, "room:lobby")) == len(stones(town, "hall")) == left
        town.now = type(town.now)(town.now.mono, town.now.wall - days * DAY)


@pytest.mark.parametrize("body", [{}, {"at": None}, {"at": "soon"}, {"at": 5.0}])
def test_a_tombstone_of_no_sensible_age_is_old(body: Body) -> None:
    assert tombstones.too_old({"x": body, "y": {"at": 40.0 * DAY}}, 41.0 * DAY) == {"x"}
