"""Joining and leaving rooms."""

from __future__ import annotations

import pytest

from examples.chatroom.hall.messages import RoomView
from examples.chatroom.hall.room import here
from tests.examples.chatroom.hall.halls import arrive, guest
from tests.examples.chatroom.helpers import NOON, Screen, later, new_hall, person


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


def test_a_forgotten_room_is_left_by_all_and_gone() -> None:
    hall = new_hall()
    ann, bob = person(hall, "ann"), person(hall, "bob", roaming=True)
    ann.types("/join attic", "said")
    bob.session.join("attic", "", NOON)
    hall.membership.forget_room(here(hall.names.find("ann")), "It was forgotten.", NOON)
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


def test_a_room_that_is_made_with_a_key_is_closed_and_its_maker_is_told() -> None:
    hall = new_hall()
    ann, bob = person(hall, "ann"), person(hall, "bob", roaming=True)
    ann.types("/join #attic sesame")
    assert ann.notices() == [
        "attic is a new room, closed with your key: /join attic KEY lets others in."
    ]
    for key in ("", "sesam"):
        bob.session.join("attic", key, NOON)
        assert bob.notices()[-1] == "attic is closed; come in with /join ROOM KEY."
    bob.session.join("attic", "sesame", NOON)
    assert bob.sees(RoomView)[-1].closed
    assert len(bob.notices()) == 2  # the member that opens a closed room gets no further notice


def test_a_key_for_an_open_room_is_said_to_be_none() -> None:
    hall = new_hall()
    ann, bob = person(hall, "ann", roaming=True), person(hall, "bob")
    ann.session.join("attic", "", NOON)
    bob.types("/join attic sesame")
    assert bob.notices() == ["attic is open to all; it needs no key."]


@pytest.mark.parametrize("typed", ["bad name here", "lobby name here"])
def test_names_and_keys_with_spaces_make_no_room(typed: str) -> None:
    hall = new_hall()
    ann = person(hall, "ann")
    ann.types(f"/join {typed}")
    assert ann.notices() == [
        "Neither the name of a room nor a key has spaces: /join ROOM, or /join ROOM KEY."
    ]
    ann.types("/join tea x")
    assert ann.notices()[-1] == "A key is one word of 4 to 100 characters."
    ann.session.join("bad name", "", NOON)
    assert "Names are made of letters" in ann.notices()[-1]
    assert [room.name.shown for room in hall.rooms] == ["lobby"]
