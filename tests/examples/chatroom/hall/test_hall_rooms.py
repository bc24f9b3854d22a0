"""Rooms come and go, within limits."""

from __future__ import annotations

import pytest

from examples.chatroom.hall.messages import RoomView
from examples.chatroom.hall.room import here
from examples.chatroom.people.names import Refused
from tests.examples.chatroom.hall.halls import arrive, guest
from tests.examples.chatroom.helpers import NOON, Screen, later, new_hall, person


def test_a_room_in_which_nothing_was_said_goes_with_its_people() -> None:
    hall = new_hall()
    ann, _ = guest(hall, "ann")
    hall.ways.join(ann, "attic", NOON)
    hall.ways.join(ann, "lobby", NOON)
    assert [room.name.shown for room in hall.rooms] == ["lobby"]


def test_a_room_in_which_something_was_said_stays_with_it() -> None:
    hall = new_hall()
    ann, _ = guest(hall, "ann")
    hall.ways.join(ann, "attic", NOON)
    hall.speech.say(ann, "dusty", NOON)
    hall.ways.join(ann, "lobby", NOON)
    bob, screen = guest(hall, "bob")
    hall.ways.join(bob, "#Attic", NOON)
    (view,) = (event for event in screen.events if isinstance(event, RoomView))
    assert [message.text for message in view.recent] == ["dusty"]


def test_a_room_that_looks_like_another_is_not_made() -> None:
    hall = new_hall()
    ann = person(hall, "ann")
    ann.types("/join scope", "/join ѕсоре")  # noqa: RUF001 - Cyrillic, that is the point
    assert ann.notices()[-1] == "That looks like the room scope; please choose another."


def test_rooms_are_limited() -> None:
    hall = new_hall(max_rooms=2)
    ann, _ = guest(hall, "ann")
    bob, _ = guest(hall, "bob")
    hall.ways.join(ann, "attic", NOON)
    with pytest.raises(Refused, match="limit"):
        hall.ways.join(bob, "cellar", NOON)
    assert here(bob).name.shown == "lobby"
    hall.ways.join(bob, "attic", NOON)


def test_rooms_cannot_be_used_up_from_one_address() -> None:
    hall = new_hall(new_rooms=2, flood_burst=100)
    eve = person(hall, "eve")
    eve.types("/join r-one", "/topic x", "/join r-two", "/topic x", "/join r-three")
    assert eve.notices()[-1] == "Too many new rooms from your address; please wait a minute."
    eve.types("/join r-three", at=later(61))
    assert eve.sees(RoomView)[-1].name == "r-three"


def test_the_last_lines_are_shown_on_entering_with_their_own_times() -> None:
    hall = new_hall(history_shown=2)
    ann, _ = guest(hall, "ann")
    for number in range(3):
        hall.speech.say(ann, str(number), later(number))
    screen = Screen()
    hall.log_in(arrive(hall, screen), "bob", later(60))
    (view,) = (event for event in screen.events if isinstance(event, RoomView))
    assert view.more
    assert [(message.text, message.at) for message in view.recent] == [
        ("1", later(1).wall),
        ("2", later(2).wall),
    ]


def test_an_empty_room_nobody_used_for_long_makes_place_for_a_new_one() -> None:
    hall = new_hall(max_rooms=3, room_rest=1000)
    eve = person(hall, "eve")
    eve.types("/join one", "said", "/join two", "said", "/join lobby")
    eve.types("/join three")
    assert eve.notices()[-1] == "There are 3 rooms already, which is the limit."
    eve.types("/join three", at=later(2000))
    assert [room.name.shown for room in hall.rooms] == ["lobby", "two", "three"]


def test_a_forgotten_room_is_left_by_all_and_gone() -> None:
    hall = new_hall()
    ann, bob = person(hall, "ann"), person(hall, "bob", roaming=True)
    ann.types("/join attic", "said")
    bob.session.join("attic", "", NOON)
    hall.ways.forget_room(here(hall.names.find("ann")), "It was forgotten.", NOON)
    assert [room.name.shown for room in hall.rooms] == ["lobby"]
    assert "-- It was forgotten." in ann.reads()
    assert ann.sees(RoomView)[-1].name == "lobby"
    ann.types("hello")
    assert bob.hears()[-1] == "hello"


def test_who_may_not_join_leaves_no_empty_room_behind() -> None:
    hall = new_hall(max_rooms_joined=2)
    ann = person(hall, "ann", roaming=True)
    for room in ("tea", "attic"):
        ann.session.join(room, "", NOON)
    assert ann.notices() == ["You are in as many rooms as you may; leave one of them first."]
    assert [room.name.shown for room in hall.rooms] == ["lobby", "tea"]


def test_who_moves_from_room_to_room_is_never_in_too_many() -> None:
    ann = person(new_hall(max_rooms_joined=1), "ann")
    ann.types("/join tea", "/join attic", "/leave")
    assert [view.name for view in ann.sees(RoomView)] == ["tea", "attic", "lobby"]
