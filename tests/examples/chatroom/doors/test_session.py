from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.chatroom.hall.hall import Hall
from examples.chatroom.hall.limits import Limits
from examples.chatroom.hall.messages import Found, Kind, Page, Parted, Receipt, RoomList, RoomView
from examples.chatroom.people.names import Refused
from examples.chatroom.people.sanction import BAN
from examples.chatroom.people.targets import target_of
from tests.examples.chatroom.helpers import NOON, later, new_hall, person, visitor
from tests.examples.chatroom.slow_store import SlowStore


def test_the_first_line_is_the_name() -> None:
    someone = visitor(new_hall())
    someone.session.greet()
    assert someone.notices() == ["This is a chat room. What is your name?"]
    someone.types("ann")
    assert someone.session.logged_in
    assert someone.notices()[1] == "Welcome, ann. /help lists the commands."


def test_a_bad_name_is_told_and_can_be_tried_again() -> None:
    someone = visitor(new_hall())
    someone.types("two words", "", "ann")
    assert someone.session.logged_in


def test_too_many_bad_names_end_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "chatroom")
    someone = visitor(new_hall(login_attempts=2))
    someone.types("/x\x1b[31m\nforged", "/y", "ann")
    assert someone.screen.kinds()[-1] is Kind.FAREWELL
    assert not someone.session.logged_in
    assert "\x1b" not in caplog.text
    assert "\nforged" not in caplog.text


def test_nobody_is_heard_before_logging_in() -> None:
    hall = new_hall()
    ann = person(hall, "ann")
    visitor(hall).types("/msg ann hello", "/quit", "hello there")
    assert ann.screen.messages == []


def test_a_plain_line_is_said_to_all_its_speaker_included() -> None:
    hall = new_hall()
    ann, bob = person(hall, "ann"), person(hall, "bob")
    bob.types("hello  ", "  indented", "   ")
    assert ann.hears() == bob.hears() == ["hello", " indented"]


def test_two_slashes_say_one() -> None:
    ann = person(new_hall(), "ann")
    ann.types("//quit", "///")
    assert ann.hears() == ["/quit", "//"]


def test_what_is_typed_is_cleaned_before_it_is_understood() -> None:
    ann = person(new_hall(), "ann")
    ann.types("\x03\x04", "\x1b[2Jhello\u202e", "/qu\x00it")
    assert ann.hears() == ["[2Jhello"]
    assert ann.session.ended


def test_a_flood_is_told_once_then_dropped_then_ended() -> None:
    hall = new_hall(flood_burst=2, flood_rate=1, flood_strikes=3)
    ann, bob = person(hall, "ann"), person(hall, "bob")
    ann.types(*"123456789", at=later(100))
    assert bob.hears() == ["1", "2"]
    assert bob.screen.texts(Kind.LEFT) == ["flooding"]
    assert [text[:24] for text in ann.notices()] == ["You are sending too fast"]
    assert ann.screen.kinds()[-1] is Kind.FAREWELL


def test_too_long_lines_and_questions_count_as_lines() -> None:
    ann = person(new_hall(flood_burst=3), "ann")
    ann.session.too_long(later(100))
    ann.session.are_you_there(later(100))
    ann.types("hello", "dropped", at=later(100))
    assert ann.notices() == [
        "That line was too long and was not sent: 1024 bytes at most.",
        "Yes, the chat room is here.",
        "You are sending too fast; lines are dropped until you slow down.",
    ]
    assert ann.hears() == ["hello"]


def test_nobody_gets_in_when_it_is_full() -> None:
    hall = new_hall(max_members=1)
    first = visitor(hall)
    with pytest.raises(Refused, match="full"):
        visitor(hall)
    first.session.lost("gone", later(1))
    visitor(hall)


def test_an_expelled_one_is_not_heard_any_more() -> None:
    hall = new_hall()
    ann, bob = person(hall, "ann"), person(hall, "bob")
    ann.session.expel("Bye.", "timed out", later(1))
    ann.types("still here?")
    ann.session.too_long(later(1))
    assert bob.screen.kinds() == [Kind.LEFT]
    assert ann.screen.kinds()[-1] is Kind.FAREWELL


@given(
    st.lists(st.text() | st.sampled_from(["/nick b", "/join x", "/leave", "/quit"]), max_size=30)
)
def test_whatever_is_typed_the_room_stays_consistent(lines: list[str]) -> None:
    hall = new_hall(flood_burst=1000)
    ann = visitor(hall)
    ann.types("ann", *lines)
    people = [member for room in hall.rooms for member in room.members]
    assert len(people) == (1 if ann.session.logged_in and not ann.session.ended else 0)
    ann.session.lost("gone", later(1))
    assert all(room.saved or room is hall.rooms.lobby for room in hall.rooms)
    assert not any(room.members for room in hall.rooms)


def test_a_roaming_one_says_to_which_room() -> None:
    hall = new_hall()
    ann, bob = person(hall, "ann", roaming=True), person(hall, "bob")
    ann.session.join("tea", "", NOON)
    ann.session.receive("to the lobby", NOON, room="lobby", nonce="1")
    ann.session.receive("/me is in tea", NOON, room="#Tea")
    ann.session.receive("nowhere", NOON, room="attic")
    assert bob.hears() == ["to the lobby"]
    assert bob.screen.texts(Kind.ACTED) == []
    assert ann.screen.texts(Kind.ACTED) == ["is in tea"]
    assert ann.notices() == ["There is no room called attic."]


def test_one_speaks_and_looks_only_where_one_is() -> None:
    hall = new_hall()
    ann, eve = person(hall, "ann", roaming=True), person(hall, "eve", roaming=True)
    ann.session.join("tea", "", NOON)
    ann.session.receive("a secret", NOON, room="tea")
    eve.screen.clear()
    eve.session.receive("hello", NOON, room="tea")
    eve.session.page("tea", 0, NOON)
    eve.session.search("tea", "secret", NOON)
    eve.session.leave("tea", NOON)
    assert eve.notices() == ["You are not in tea."] * 4
    assert not eve.sees(Page)
    assert not eve.sees(Found)


def test_leaving_rooms_ends_in_the_lobby() -> None:
    hall = new_hall()
    ann = person(hall, "ann", roaming=True)
    ann.session.join("tea", "", NOON)
    ann.session.leave("lobby", NOON)
    ann.session.leave("tea", NOON)
    ann.session.leave("lobby", NOON)
    assert [parted.room for parted in ann.sees(Parted)] == ["lobby", "tea"]
    assert ann.sees(RoomView)[-1].name == "lobby"
    assert ann.notices() == ["You are in the lobby already; /quit leaves the chat room."]


def test_what_a_page_asks_for_has_its_own_limit() -> None:
    hall = new_hall(look_burst=2, look_rate=1, flood_burst=1)
    ann = person(hall, "ann", roaming=True)
    for _ in range(3):
        ann.session.rooms(later(100))
    assert len(ann.sees(RoomList)) == 2
    assert ann.notices() == ["You are asking too fast; please wait a moment."]


def test_nobody_looks_before_logging_in() -> None:
    someone = visitor(new_hall(), roaming=True)
    someone.session.rooms(NOON)
    someone.session.page("lobby", 0, NOON)
    assert someone.screen.events == []


def test_whispers_have_no_way_to_become_something_else() -> None:
    hall = new_hall()
    ann, bob = person(hall, "ann", roaming=True), person(hall, "bob")
    ann.session.whisper("bob", "psst\nforged", NOON)
    ann.session.whisper("bob /quit", "hello", NOON)
    assert bob.screen.texts(Kind.WHISPERED) == ["psst forged"]
    assert ann.notices() == ["There is nobody called bob /quit here."]


def test_a_receipt_comes_after_what_it_is_for() -> None:
    store = SlowStore()
    hall = Hall(Limits(), store)
    ann = visitor(hall, roaming=True)
    ann.session.log_in("ann", NOON)
    ann.session.receive("hello", NOON)
    ann.session.receipt(1)
    assert not ann.sees(Receipt)
    while store.waiting:
        store.answer()
    assert ann.hears() == ["hello"]
    assert ann.screen.events[-1] == Receipt(1)


def test_the_place_moves_to_the_next_connection() -> None:
    hall = new_hall()
    ann = person(hall, "ann")
    ann.session.move("192.0.2.7", NOON)
    assert hall.gate.taken == 1
    ann.session.lost("gone", NOON)
    assert hall.gate.taken == 0


def test_a_lost_name_is_held_and_that_is_said() -> None:
    hall = new_hall()
    ann, eve = person(hall, "ann"), visitor(hall)
    ann.session.hold(30.0, NOON)
    with pytest.raises(Refused, match="ann is held for 20 more seconds"):
        eve.session.log_in("ann", later(10))
    ann.session.move("192.0.2.7", later(20))
    with pytest.raises(Refused, match="ann is taken"):
        eve.session.log_in("ann", later(20))


def test_coming_again_does_not_get_around_the_limit_of_an_address() -> None:
    hall = new_hall(address_burst=3, address_rate=1)
    bob = person(hall, "bob", address="192.0.2.2")
    for name in ("ann", "eve"):
        someone = visitor(hall, "192.0.2.1")
        someone.types(name, "one", "two", at=later(100))
        someone.session.lost("gone", later(100))
    assert bob.hears() == ["one", "two"]


def test_a_line_that_is_too_long_for_any_door_is_refused() -> None:
    ann = person(new_hall(max_line=10), "ann")
    ann.types("ä" * 6, "ä" * 5)
    assert ann.notices() == ["That line was too long and was not sent: 10 bytes at most."]
    assert ann.hears() == ["äääää"]


@pytest.mark.parametrize("line", ["/oper root sesame123", "  /oper root sesame123"])
def test_a_password_is_never_said_nor_logged(line: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "chatroom")
    hall = Hall(Limits(), log_messages=True)
    ann, bob = person(hall, "ann"), person(hall, "bob")
    ann.types(line)
    visitor(hall).types(line)
    assert bob.screen.messages == []
    assert "sesame" not in caplog.text


def test_nobody_comes_back_from_a_banned_address() -> None:
    hall = new_hall()
    ann, bob = person(hall, "ann"), person(hall, "bob")
    hall.sanctions.impose(BAN, target_of("192.0.2.7", 20), None, "bob", "", NOON.wall)
    ann.session.move("192.0.2.7", NOON)
    assert ann.screen.texts(Kind.FAREWELL) == ["Your address is banned."]
    assert bob.screen.texts(Kind.LEFT) == ["came from a banned address"]
    ann.session.lost("gone", NOON)
    assert hall.gate.taken == 1


def test_many_browsers_at_one_address_may_not_look_without_end() -> None:
    hall = new_hall(address_look_burst=3, address_look_rate=1)
    ann, bob = (person(hall, name, roaming=True) for name in ("ann", "bob"))
    for each in (ann, bob, ann, bob):
        each.session.page("lobby", 0, NOON)
    assert (len(ann.sees(Page)), len(bob.sees(Page))) == (2, 1)
    eve = person(hall, "eve", roaming=True, address="198.51.100.1")
    eve.session.page("lobby", 0, NOON)
    assert len(eve.sees(Page)) == 1
