"""Halls at several nodes behave as one hall."""

from __future__ import annotations

from examples.chatroom.hall.messages import Kind, Receipt, RoomList

from .nodes import about, cluster, said


def test_what_is_said_at_one_node_is_heard_at_all_in_one_order() -> None:
    town = cluster("a", "b", "c")
    ann, bob, cid = (town.enter(*each) for each in (("a", "ann"), ("b", "bob"), ("c", "cid")))
    for number in range(3):
        for someone in (ann, bob, cid):
            someone.types(f"line {number}", at=town.now)
    town.settle()
    assert len(said(ann)) == 9
    assert said(ann) == said(bob) == said(cid)
    ids = [message.id for message in bob.screen.messages if message.kind is Kind.SAID]
    assert ids == sorted(set(ids))
    assert ids == [message.id for message in cid.screen.messages if message.kind is Kind.SAID]


def test_nothing_is_shown_before_it_has_come_back() -> None:
    town = cluster("a")
    ann = town.enter("a", "ann")
    ann.types("hello", at=town.now)
    ann.session.receipt(1)
    assert (said(ann), ann.sees(Receipt)) == ([], [])
    town.settle()
    assert (said(ann), ann.sees(Receipt)) == ([("ann", "hello")], [Receipt(1)])


def test_comings_and_goings_are_seen_at_all_nodes() -> None:
    town = cluster("a", "b")
    ann = town.enter("a", "ann")
    bob = town.enter("b", "bob")
    assert about(ann, Kind.JOINED) == ["bob"]
    town.types(ann, "/who")
    assert ann.notices() == ["lobby: ann, bob"]
    town.types(bob, "/join garden")
    assert about(ann, Kind.LEFT) == ["bob"]
    ann.screen.clear()
    town.types(ann, "/who", "/rooms")
    assert ann.notices() == ["lobby: ann", "garden: bob"]
    assert [(each.name, each.people) for each in ann.sees(RoomList)[0].rooms] == [
        ("lobby", 1),
        ("garden", 1),
    ]
    bob.session.lost("connection lost", town.now)
    town.settle()
    ann.screen.clear()
    town.types(ann, "/who")
    assert ann.notices() == ["lobby: ann"]


def test_lines_typed_behind_a_join_belong_to_the_new_room() -> None:
    town = cluster("a", "b")
    ann, bob = town.enter("a", "ann"), town.enter("b", "bob")
    town.types(bob, "/join garden")
    town.types(ann, "/join garden", "are you here?", "/topic Roses")
    assert said(bob) == [("ann", "are you here?")]
    assert bob.screen.texts(Kind.TOPIC) == ["Roses"]


def test_a_name_is_one_members_alone() -> None:
    town = cluster("a", "b")
    town.enter("a", "ann")
    other = town.enter("b", "Ann")
    assert not other.session.logged_in
    town.types(other, "bob")
    town.types(other, "/nick ann")
    assert other.notices()[-1] == "The name ann is taken; please choose another."


def test_two_who_ask_for_one_name_at_once() -> None:
    town = cluster("a", "b")
    from ..helpers import visitor

    one, other = visitor(town.servers["a"].hall), visitor(town.servers["b"].hall)
    for each in (one, other):
        each.types("ann", at=town.now)
    town.settle()
    assert [each.session.logged_in for each in (one, other)].count(True) == 1


def test_a_new_name_is_known_everywhere_and_ignored_as_before() -> None:
    town = cluster("a", "b")
    ann, bob = town.enter("a", "ann"), town.enter("b", "bob")
    town.types(bob, "/ignore ann")
    town.types(ann, "/nick anna", "hello")
    assert said(bob) == []
    assert [each.text for each in bob.screen.messages if each.kind is Kind.RENAMED] == ["anna"]
    town.types(bob, "/ignore anna", "/msg anna hi")
    assert ann.screen.texts(Kind.WHISPERED) == ["hi"]


def test_whispers_go_to_one_alone() -> None:
    town = cluster("a", "b")
    ann, bob, cid = town.enter("a", "ann"), town.enter("b", "bob"), town.enter("b", "cid")
    town.types(ann, "/msg bob psst")
    assert bob.screen.texts(Kind.WHISPERED) == ["psst"]
    assert ann.screen.texts(Kind.WHISPERED) == ["psst"]
    assert cid.screen.texts(Kind.WHISPERED) == []
    town.types(bob, "/ignore ann")
    town.types(ann, "/msg bob again")
    assert bob.screen.texts(Kind.WHISPERED) == ["psst"]


def test_who_comes_into_a_room_sees_what_was_said_at_other_nodes() -> None:
    town = cluster("a", "b")
    ann, bob = town.enter("a", "ann"), town.enter("b", "bob")
    town.types(ann, "/join garden", "/topic Roses", "the first", "the second")
    town.types(bob, "/join garden")
    shown = bob.reads()
    assert any("the first" in line for line in shown)
    assert any("Roses" in line for line in shown)
    assert any("ann" in line and "bob" in line for line in shown)
    page_before = len(said(bob))
    town.types(ann, "the third")
    assert said(bob)[page_before:] == [("ann", "the third")]


def test_a_closed_room_is_closed_everywhere() -> None:
    town = cluster("a", "b")
    ann, bob = town.enter("a", "ann"), town.enter("b", "bob")
    town.types(ann, "/join garden", "/lock roses")
    town.types(bob, "/join garden")
    assert bob.notices()[-1] == "garden is closed; come in with /join ROOM KEY."
    town.types(bob, "/join garden roses", "thank you")
    assert said(ann) == [("bob", "thank you")]
