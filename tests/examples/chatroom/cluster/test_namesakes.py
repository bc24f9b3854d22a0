"""Two members with the same name, assigned while their nodes were disconnected."""

from __future__ import annotations

from examples.chatroom.cluster.claims import PATIENCE
from examples.chatroom.hall.messages import Kind

from ..helpers import Person, visitor
from .nodes import Cluster, about, cluster
from .test_outage import plug, unplug


def two_of_a_name() -> tuple[Cluster, Person, Person, Person]:
    """Put a member at each of two disconnected nodes, and an observer at a third."""
    town = cluster("a", "b", "c")
    cid = town.enter("c", "cid")
    unplug(town, "a", "b")
    one, other = (visitor(town.servers[name].hall, roaming=True) for name in "ab")
    for each in (one, other):
        town.types(each, "bob")
    return town, one, other, cid


def test_lists_are_right_when_one_of_them_is_renamed() -> None:
    town, one, other, cid = two_of_a_name()
    plug(town, "a", "b")
    town.later(PATIENCE)
    assert sorted(each.session.name for each in (one, other)) == ["bob", "bob-2"]
    quiet = [(m.kind, m.sender) for m in cid.screen.messages if m.quiet]
    assert quiet == [(Kind.JOINED, "bob"), (Kind.JOINED, "bob-2")]
    keeps = one if one.session.name == "bob" else other
    own = [(m.kind, m.sender, m.text) for m in keeps.screen.messages if m.quiet]
    assert own[:2] == [(Kind.RENAMED, "bob-2", "bob"), (Kind.JOINED, "bob-2", "")]


def test_the_other_one_is_found_when_one_has_left() -> None:
    town, one, other, cid = two_of_a_name()
    plug(town, "a")
    other.session.lost("connection lost", town.now)
    plug(town, "b")
    town.types(cid, "/who", "/msg bob hello")
    assert sorted(cid.notices()[-1].removeprefix("lobby: ").split(", ")) == ["bob", "cid"]
    assert one.screen.texts(Kind.WHISPERED) == ["hello"]
    assert about(cid, Kind.LEFT) == []


def test_a_new_name_is_told_to_one_who_has_left_the_room_meanwhile() -> None:
    town = cluster("a", "b")
    ann = town.enter("a", "ann")
    town.types(ann, "/join garden")
    unplug(town, "a")
    town.types(ann, "/nick anna", "/join lobby")
    plug(town, "a")
    renamed = [(m.sender, m.text, m.room) for m in ann.screen.messages if m.kind is Kind.RENAMED]
    assert renamed == [("ann", "anna", "lobby")]


def test_one_that_asks_for_its_name_is_not_told_of_yet() -> None:
    town = cluster("a", "b")
    late = visitor(town.servers["a"].hall)
    late.types("ann", at=town.now)
    town.servers["a"].node.buried()
    town.settle()
    assert late.session.logged_in
    assert town.servers["b"].hall.names.named("ann") is not None


def test_nobody_comes_in_at_a_node_that_has_taken_leave() -> None:
    town = cluster("a", "b")
    town.servers["a"].node.close()
    late = visitor(town.servers["a"].hall)
    town.types(late, "ann")
    assert not late.session.logged_in
    assert "closing" in late.notices()[-1]


def test_a_topic_that_the_engine_has_lost_is_put_up_again() -> None:
    town = cluster("a")
    ann = town.enter("a", "ann")
    town.types(ann, "/join garden", "roses", "/topic Roses")
    town.world.lose_everything()
    late = town.start("b")
    town.settle()
    garden = next(room for room in late.hall.rooms if room.name.key == "garden")
    assert garden.topic == "Roses"
    bob = town.enter("b", "bob")
    town.types(bob, "/join garden")
    assert any("Roses" in line for line in bob.reads())


def test_members_are_listed_in_a_room_that_is_told_of_after_them() -> None:
    town = cluster("a", "b")
    ann = town.enter("a", "ann")
    town.types(ann, "/join garden", "roses")
    state = town.world.feed("hall").state
    room, member = (next(state[k] for k in state if k.startswith(p)) for p in ("room/", "member/"))
    town.start("c")
    late = town.servers["c"]
    late.node.rooms.forgotten("garden", "", "", town.now)
    town.world.add("hall", member, "", {})
    town.world.add("hall", room, "", {})
    town.settle()
    garden = next(room for room in late.hall.rooms if room.name.key == "garden")
    assert [each.shown for each in garden.members] == ["ann"]
