from __future__ import annotations

import logging
from dataclasses import dataclass

import pytest

from examples.chatroom.limits import FloodGuard, Limits
from examples.chatroom.members import Member
from examples.chatroom.messages import Kind, Message
from examples.chatroom.names import Refused
from examples.chatroom.room import Hall, here
from tests.examples.chatroom.helpers import NOON, Screen, later, new_hall


@dataclass
class Broken(Screen):
    """An outlet whose connection fails from a certain message on."""

    works: bool = True

    def deliver(self, message: Message) -> None:
        if not self.works:
            raise OSError("gone")
        super().deliver(message)


def guest(hall: Hall, name: str, screen: Screen | None = None) -> tuple[Member, Screen]:
    screen = screen or Screen()
    member = hall.connect(screen, "192.0.2.1", NOON)
    hall.log_in(member, name, NOON)
    screen.clear()
    return member, screen


def test_whoever_logs_in_is_announced_to_all_in_the_lobby() -> None:
    hall = new_hall()
    _, ann = guest(hall, "ann")
    guest(hall, "bob")
    assert ann.messages == [Message(Kind.JOINED, "", "bob", room="lobby", at=NOON.wall)]


def test_a_name_is_held_by_one_only_in_whatever_spelling() -> None:
    hall = new_hall()
    guest(hall, "Ann")
    other = hall.connect(Screen(), "192.0.2.1", NOON)
    for spelling in ("ann", "ANN", "\uff21nn"):
        with pytest.raises(Refused, match="taken"):
            hall.log_in(other, spelling, NOON)


@pytest.mark.parametrize("way", ["disconnect", "dismiss", "close", "broken"])
def test_a_name_is_free_again_after_any_end(way: str) -> None:
    hall = new_hall()
    screen = Broken()
    ann, _ = guest(hall, "ann", screen)
    if way == "disconnect":
        hall.disconnect(ann, "gone", NOON)
    elif way == "dismiss":
        hall.dismiss(ann, "Bye.", "quit", NOON)
    elif way == "close":
        hall.close("Bye.")
    else:
        screen.works = False
        hall.say(ann, "hello", NOON)
    guest(hall, "ann")


def test_a_place_is_free_again_when_the_connection_is_gone() -> None:
    hall = new_hall(max_members=1)
    ann, _ = guest(hall, "ann")
    hall.dismiss(ann, "Bye.", "quit", NOON)
    with pytest.raises(Refused, match="full"):
        hall.connect(Screen(), "192.0.2.1", NOON)
    for _ in range(2):
        hall.disconnect(ann, "gone", NOON)
    guest(hall, "bob")
    with pytest.raises(Refused, match="full"):
        hall.connect(Screen(), "192.0.2.1", NOON)


def test_leaving_twice_is_leaving_once() -> None:
    hall = new_hall()
    _, bob = guest(hall, "bob")
    ann, _ = guest(hall, "ann")
    bob.clear()
    for _ in range(2):
        hall.disconnect(ann, "gone", later(60))
        hall.dismiss(ann, "Bye.", "quit", NOON)
    assert bob.messages == [Message(Kind.LEFT, "gone", "ann", room="lobby", at=later(60).wall)]


def test_one_broken_outlet_costs_its_member_alone(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "chatroom")
    hall = new_hall()
    _, ann = guest(hall, "ann")
    broken = Broken()
    guest(hall, "bad", broken)
    bob, screen = guest(hall, "bob")
    ann.clear()
    broken.works = False
    hall.say(bob, "hello", NOON)
    assert ann.kinds() == [Kind.SAID, Kind.LEFT]
    assert screen.kinds() == [Kind.SAID, Kind.LEFT]
    with pytest.raises(Refused):
        hall.find("bad")


def test_a_thousand_broken_outlets_at_once_do_not_nest(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "chatroom")
    hall = new_hall(max_members=2000, max_per_address=2000)
    ann, screen = guest(hall, "ann")
    outlets = [Broken() for _ in range(1000)]
    for number, outlet in enumerate(outlets):
        guest(hall, f"n{number}", outlet)
    screen.clear()
    for outlet in outlets:
        outlet.works = False
    hall.say(ann, "hello", NOON)
    assert screen.kinds() == [Kind.SAID] + [Kind.LEFT] * 1000


def test_the_farewell_is_the_last_message() -> None:
    hall = new_hall()
    ann, screen = guest(hall, "ann")
    hall.dismiss(ann, "Bye.", "quit", NOON)
    hall.notify(ann, "too late")
    assert screen.kinds() == [Kind.FAREWELL]


def test_closing_says_goodbye_to_everybody_and_nothing_else() -> None:
    hall = new_hall()
    screens = [guest(hall, name)[1] for name in ("ann", "bob")]
    unnamed = Screen()
    hall.connect(unnamed, "192.0.2.1", NOON)
    for screen in screens:
        screen.clear()
    hall.close("Bye.")
    assert [screen.kinds() for screen in (*screens, unnamed)] == [[Kind.FAREWELL]] * 3


def test_a_room_that_empties_is_gone_with_what_was_said_in_it() -> None:
    hall = new_hall()
    ann, _ = guest(hall, "ann")
    hall.join(ann, "attic", NOON)
    hall.say(ann, "a secret", NOON)
    hall.join(ann, "lobby", NOON)
    assert set(hall.rooms) == {"lobby"}
    bob, screen = guest(hall, "bob")
    hall.join(bob, "#Attic", NOON)
    assert screen.texts(Kind.SAID) == []


def test_the_last_lines_are_shown_on_entering_with_their_own_times() -> None:
    hall = new_hall(history_shown=2)
    ann, _ = guest(hall, "ann")
    for number in range(3):
        hall.say(ann, str(number), later(number))
    screen = Screen()
    hall.log_in(hall.connect(screen, "192.0.2.1", NOON), "bob", later(60))
    said = [message for message in screen.messages if message.kind is Kind.SAID]
    assert [(message.text, message.at) for message in said] == [
        ("1", later(1).wall),
        ("2", later(2).wall),
    ]


def test_rooms_are_limited() -> None:
    hall = new_hall(max_rooms=2)
    ann, _ = guest(hall, "ann")
    bob, _ = guest(hall, "bob")
    hall.join(ann, "attic", NOON)
    with pytest.raises(Refused, match="limit"):
        hall.join(bob, "cellar", NOON)
    assert here(bob).name.shown == "lobby"
    hall.join(bob, "attic", NOON)


def test_a_renamed_person_is_still_ignored() -> None:
    hall = new_hall()
    ann, screen = guest(hall, "ann")
    bob, _ = guest(hall, "bob")
    ann.ignored.add("bob")
    hall.rename(bob, "bert", NOON)
    screen.clear()
    hall.say(bob, "hello", NOON)
    hall.whisper(bob, "ann", "psst", NOON)
    assert screen.messages == []


def test_who_is_ignored_cannot_have_others_ignored_by_using_their_names() -> None:
    hall = new_hall()
    ann, screen = guest(hall, "ann")
    mallory, _ = guest(hall, "mallory")
    ann.ignored.add("mallory")
    for name in ("bob", "carol"):
        hall.rename(mallory, name, NOON)
    bob, _ = guest(hall, "bob")
    hall.disconnect(mallory, "gone", NOON)
    carol, _ = guest(hall, "carol")
    screen.clear()
    hall.say(bob, "it is me", NOON)
    hall.say(carol, "me, too", NOON)
    assert screen.texts(Kind.SAID) == ["it is me", "me, too"]
    assert (ann.ignored, ann.shunned) == ({"mallory"}, set())


def test_one_may_change_the_spelling_of_ones_own_name() -> None:
    hall = new_hall()
    ann, _ = guest(hall, "ann")
    hall.rename(ann, "Ann", NOON)
    assert hall.find("ANN") is ann
    assert ann.shown == "Ann"


def test_whispers_are_neither_remembered_nor_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "chatroom")
    hall = Hall(Limits(), log_messages=True)
    ann, _ = guest(hall, "ann")
    hall.whisper(ann, "ann", "my password", NOON)
    hall.say(ann, "hello", NOON)
    assert [message.text for message in hall.history.last("lobby", 99)] == ["hello"]
    assert "hello" in caplog.text
    assert "password" not in caplog.text


def test_what_people_say_is_not_logged_by_default(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "chatroom")
    hall = new_hall()
    ann, _ = guest(hall, "ann")
    hall.say(ann, "hello", NOON)
    assert "ann" in caplog.text
    assert "hello" not in caplog.text


def test_using_a_member_before_its_log_in_says_what_to_do() -> None:
    hall = new_hall()
    nobody = Member(Screen(), "", FloodGuard(Limits(), 0.0), 0.0)
    with pytest.raises(RuntimeError, match="log it in first"):
        hall.say(nobody, "hello", NOON)
    with pytest.raises(RuntimeError, match="log it in first"):
        hall.rename(nobody, "ann", NOON)
