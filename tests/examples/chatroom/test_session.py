from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.chatroom.messages import Kind
from examples.chatroom.names import Refused
from tests.examples.chatroom.helpers import later, new_hall, person, visitor


def test_the_first_line_is_the_name() -> None:
    someone = visitor(new_hall())
    assert someone.notices() == ["Welcome to the chat room. What is your name?"]
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
    assert ann.hears() == bob.hears() == ["hello", "  indented"]


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
    people = [member for room in hall.rooms.values() for member in room.members]
    assert len(people) == (1 if ann.session.logged_in and not ann.session.ended else 0)
    ann.session.lost("gone", later(1))
    assert set(hall.rooms) == {"lobby"}
    assert not hall.rooms["lobby"].members
