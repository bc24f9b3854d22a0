"""Operators at one node, members at another."""

from __future__ import annotations

import pytest

from examples.chatroom.hall.messages import Forgotten, Kind, Page, RoomList
from examples.chatroom.people.names import Refused

from ..helpers import Person, visitor
from .nodes import Cluster, about, cluster, said


def operator(town: Cluster, server: str = "a") -> Person:
    oper = town.enter(server, "oper")
    hall = town.servers[server].hall
    member = hall.names.find("oper")
    hall.promote(member, town.now)
    town.settle()
    oper.screen.clear()
    return oper


def test_a_kick_reaches_another_node() -> None:
    town = cluster("a", "b")
    oper, bob, cid = operator(town), town.enter("b", "bob"), town.enter("a", "cid")
    town.types(oper, "/kick bob too loud")
    assert bob.screen.texts(Kind.FAREWELL) == ["You were shown out by oper: too loud"]
    assert bob.session.ended
    assert cid.screen.texts(Kind.LEFT) == ["shown out by oper (too loud)"]
    assert town.enter("a", "bob").session.logged_in


def test_an_operator_is_one_everywhere() -> None:
    town = cluster("a", "b")
    bob = town.enter("b", "bob")
    operator(town)
    other = town.enter("b", "other")
    town.servers["b"].hall.promote(town.servers["b"].hall.names.find("other"), town.now)
    town.settle()
    assert about(bob, Kind.OPERATOR) == ["oper", "other"]
    town.types(other, "/kick oper")
    assert other.notices() == ["oper is an operator; only the server's owner can change that."]


def test_a_ban_holds_at_all_nodes_and_so_does_its_end() -> None:
    town = cluster("a", "b")
    oper, bob = operator(town), town.enter("b", "bob")
    town.types(oper, "/ban bob 1h rude")
    assert bob.session.ended
    again = visitor(town.servers["b"].hall)
    town.types(again, "bob")
    assert not again.session.logged_in
    town.types(oper, "/unban bob")
    town.types(again, "bob")
    assert again.session.logged_in


def test_a_muted_address_is_mute_at_the_other_node() -> None:
    town = cluster("a", "b")
    oper, bob = operator(town), town.enter("b", "bob")
    town.types(oper, "/mute bob")
    town.types(bob, "hello")
    assert bob.notices() == ["You are muted.", "You are muted."]
    assert said(oper) == []


def test_a_node_that_begins_later_knows_the_bans() -> None:
    town = cluster("a")
    oper = operator(town)
    town.types(oper, "/ban 198.51.100.0/24")
    late = town.start("b")
    with pytest.raises(Refused, match="banned"):
        visitor(late.hall, "198.51.100.7")


def test_a_forgotten_message_is_gone_from_all_screens_and_stores() -> None:
    town = cluster("a", "b")
    oper, bob = operator(town), town.enter("b", "bob")
    town.types(bob, "a secret", "and more")
    number = next(m.id for m in bob.screen.messages if m.text == "a secret")
    town.types(oper, f"/forget {number}")
    assert bob.sees(Forgotten) == [Forgotten(number)]
    town.types(bob, "/history")
    assert [message.text for message in bob.sees(Page)[0].messages] == ["and more"]


def test_a_forgotten_room_is_left_by_all() -> None:
    town = cluster("a", "b")
    oper, bob = operator(town), town.enter("b", "bob")
    town.types(bob, "/join garden", "roses")
    bob.screen.clear()
    town.types(oper, "/forget garden")
    assert any("You" in line or "garden" in line for line in bob.reads())
    assert [room.name.key for room in town.servers["a"].hall.rooms] == ["lobby"]
    assert [room.name.key for room in town.servers["b"].hall.rooms] == ["lobby"]
    town.types(bob, "/join garden", "/history")
    assert bob.sees(Page)[0].messages == ()


def test_an_empty_room_in_which_nothing_was_said_goes_everywhere() -> None:
    town = cluster("a", "b")
    bob = town.enter("b", "bob")
    town.types(bob, "/join garden", "/join lobby")
    assert len(town.servers["a"].hall.rooms) == 2
    town.later(70)
    assert [len(server.hall.rooms) for server in town.servers.values()] == [1, 1]


def test_who_comes_in_while_the_ban_is_on_its_way_is_shown_out() -> None:
    town = cluster("a", "b")
    oper = operator(town)
    late = visitor(town.servers["b"].hall, "198.51.100.7")
    late.types("bob", at=town.now)
    oper.types("/ban 198.51.100.7", at=town.now)
    town.settle()
    assert late.session.ended


def test_what_was_forgotten_is_not_fetched_again() -> None:
    town = cluster("a", "b")
    oper = operator(town)
    town.types(oper, "/join garden", "a secret", "and more")
    number = next(m.id for m in oper.screen.messages if m.text == "a secret")
    town.types(oper, f"/forget {number}")
    bob = town.enter("b", "bob")
    town.types(bob, "/join garden", "/history")
    assert [message.text for message in bob.sees(Page)[0].messages] == ["and more"]
    assert "a secret" not in " ".join(bob.reads())


def test_topics_and_locks_are_in_the_list_of_rooms_everywhere() -> None:
    town = cluster("a", "b")
    ann, bob = town.enter("a", "ann"), town.enter("b", "bob")
    town.types(ann, "/join garden", "/topic Roses")
    town.types(bob, "/rooms")
    town.types(ann, "/lock thorns")
    town.types(bob, "/rooms")
    open_, closed = (rooms.rooms[1] for rooms in bob.sees(RoomList))
    assert (open_.topic, open_.closed) == ("Roses", False)
    assert (closed.topic, closed.closed) == ("", True)
