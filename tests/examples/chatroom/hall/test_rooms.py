"""Rooms are created and removed, within limits."""

from __future__ import annotations

import pytest

from examples.chatroom.hall.messages import RoomView
from examples.chatroom.hall.room import here
from examples.chatroom.people.names import Refused
from tests.examples.chatroom.hall.halls import guest
from tests.examples.chatroom.helpers import NOON, later, new_hall, person


def test_a_room_in_which_nothing_was_said_goes_with_its_people() -> None:
    hall = new_hall()
    ann, _ = guest(hall, "ann")
    hall.membership.join(ann, "attic", NOON)
    hall.membership.join(ann, "lobby", NOON)
    assert [room.name.shown for room in hall.rooms] == ["lobby"]


def test_a_room_in_which_something_was_said_stays_with_it() -> None:
    hall = new_hall()
    ann, _ = guest(hall, "ann")
    hall.membership.join(ann, "attic", NOON)
    hall.speech.say(ann, "dusty", NOON)
    hall.membership.join(ann, "lobby", NOON)
    bob, screen = guest(hall, "bob")
    hall.membership.join(bob, "#Attic", NOON)
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
    hall.membership.join(ann, "attic", NOON)
    with pytest.raises(Refused, match="limit"):
        hall.membership.join(bob, "cellar", NOON)
    assert here(bob).name.shown == "lobby"
    hall.membership.join(bob, "attic", NOON)


def test_rooms_cannot_be_used_up_from_one_address() -> None:
    hall = new_hall(new_rooms=2, flood_burst=100)
    eve = person(hall, "eve")
    eve.types("/join r-one", "/topic x", "/join r-two", "/topic x", "/join r-three")
    assert eve.notices()[-1] == "Too many new rooms from your address; please wait a minute."
    eve.types("/join r-three", at=later(61))
    assert eve.sees(RoomView)[-1].name == "r-three"


def test_an_empty_room_nobody_used_for_long_makes_place_for_a_new_one() -> None:
    hall = new_hall(max_rooms=3, room_rest=1000)
    eve = person(hall, "eve")
    eve.types("/join one", "said", "/join two", "said", "/join lobby")
    eve.types("/join three")
    assert eve.notices()[-1] == "There are 3 rooms already, which is the limit."
    eve.types("/join three", at=later(2000))
    assert [room.name.shown for room in hall.rooms] == ["lobby", "two", "three"]


def test_a_locked_room_nobody_used_for_long_makes_place_too() -> None:
    hall = new_hall(max_rooms=2, room_rest=1000)
    eve = person(hall, "eve")
    eve.types("/join one", "/lock sesame", "/join lobby")
    eve.types("/join two", at=later(900))
    assert eve.notices()[-1] == "There are 2 rooms already, which is the limit."
    eve.types("/join two", at=later(2000))
    assert [room.name.shown for room in hall.rooms] == ["lobby", "two"]


def test_a_room_with_people_in_it_is_never_deserted() -> None:
    hall = new_hall(max_rooms=2, room_rest=1000)
    eve, bob = person(hall, "eve"), person(hall, "bob")
    bob.types("/join one", "/lock sesame")
    eve.types("/join two", at=later(10**6))
    assert eve.notices()[-1] == "There are 2 rooms already, which is the limit."


def test_from_one_address_there_are_only_so_many_rooms() -> None:
    hall = new_hall(rooms_per_address=2, room_rest=1000, flood_burst=100)
    eve = person(hall, "eve")
    eve.types("/join one", "/lock sesame", "/join two", "/lock sesame", "/join three")
    assert eve.notices()[-1] == "There are 2 rooms already that were made from your address."
    bob = person(hall, "bob", address="192.0.2.2")
    bob.types("/join three")
    assert bob.sees(RoomView)[-1].name == "three"
    eve.types("/join four", at=later(2000))  # in place of the first, which is empty
    assert [room.name.shown for room in hall.rooms] == ["lobby", "two", "three", "four"]


def test_a_site_of_ipv6_is_one_address_for_rooms() -> None:
    hall = new_hall(rooms_per_address=1)
    for number, said in ((1, "said"), (2, None)):
        eve = person(hall, f"eve{number}", address=f"2001:db8:1:{number}::1")
        eve.types(f"/join room{number}", *filter(None, [said]))
    assert "made from your address" in eve.notices()[-1]
