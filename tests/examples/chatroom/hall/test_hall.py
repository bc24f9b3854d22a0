"""Members of the hall, and the events that they see."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import pytest

from examples.chatroom.hall.hall import Hall
from examples.chatroom.hall.limits import Limits
from examples.chatroom.hall.messages import Event, Kind, Message, Person, RoomView
from examples.chatroom.hall.room import here
from examples.chatroom.people.doorkeeper import Doorkeeper
from examples.chatroom.people.names import Refused, check_name
from examples.chatroom.people.sanction import MUTE
from examples.chatroom.people.targets import target_of
from tests.examples.chatroom.hall.halls import arrive, guest
from tests.examples.chatroom.helpers import NOON, Screen, later, new_hall, person, stranger, visitor


@dataclass
class Broken(Screen):
    """An outlet whose connection fails from a certain message on."""

    works: bool = True

    def deliver(self, event: Event) -> None:
        if not self.works:
            raise OSError("gone")
        super().deliver(event)


def test_whoever_logs_in_is_announced_to_all_in_the_lobby() -> None:
    hall = new_hall()
    _, ann = guest(hall, "ann")
    guest(hall, "bob")
    assert ann.messages == [Message(Kind.JOINED, "", "bob", room="lobby", at=NOON.wall)]


def test_a_name_is_held_by_one_only_in_whatever_spelling() -> None:
    hall = new_hall()
    guest(hall, "Ann")
    other = arrive(hall, Screen())
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
        hall.speech.say(ann, "hello", NOON)
    guest(hall, "ann")


def test_a_place_is_free_again_when_the_connection_is_gone() -> None:
    hall = new_hall(max_members=1)
    ann, _ = guest(hall, "ann")
    hall.dismiss(ann, "Bye.", "quit", NOON)
    with pytest.raises(Refused, match="full"):
        arrive(hall, Screen())
    for _ in range(2):
        hall.disconnect(ann, "gone", NOON)
    guest(hall, "bob")
    with pytest.raises(Refused, match="full"):
        arrive(hall, Screen())


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
    hall.speech.say(bob, "hello", NOON)
    assert ann.kinds() == [Kind.SAID, Kind.LEFT]
    assert screen.kinds() == [Kind.SAID, Kind.LEFT]
    with pytest.raises(Refused):
        hall.names.find("bad")


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
    hall.speech.say(ann, "hello", NOON)
    assert screen.kinds() == [Kind.SAID] + [Kind.LEFT] * 1000


def test_the_farewell_is_the_last_message() -> None:
    hall = new_hall()
    ann, screen = guest(hall, "ann")
    hall.dismiss(ann, "Bye.", "quit", NOON)
    hall.notifier.notify(ann, "too late")
    assert screen.kinds() == [Kind.FAREWELL]


def test_closing_says_goodbye_to_everybody_and_nothing_else() -> None:
    hall = new_hall()
    screens = [guest(hall, name)[1] for name in ("ann", "bob")]
    unnamed = Screen()
    arrive(hall, unnamed)
    for screen in screens:
        screen.clear()
    hall.close("Bye.")
    assert [screen.kinds() for screen in (*screens, unnamed)] == [[Kind.CLOSING]] * 3


def test_a_renamed_person_is_still_ignored() -> None:
    hall = new_hall()
    ann, screen = guest(hall, "ann")
    bob, _ = guest(hall, "bob")
    ann.ignored.add("bob")
    hall.rename(bob, "bert", NOON)
    screen.clear()
    hall.speech.say(bob, "hello", NOON)
    hall.speech.whisper(bob, ann, "psst", NOON)
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
    hall.speech.say(bob, "it is me", NOON)
    hall.speech.say(carol, "me, too", NOON)
    assert screen.texts(Kind.SAID) == ["it is me", "me, too"]
    assert (ann.ignored, ann.shunned) == ({"mallory"}, {})


def test_one_may_change_the_spelling_of_ones_own_name() -> None:
    hall = new_hall()
    ann, _ = guest(hall, "ann")
    hall.rename(ann, "Ann", NOON)
    assert hall.names.find("ANN") is ann
    assert ann.shown == "Ann"


def test_using_a_member_before_its_log_in_says_what_to_do() -> None:
    hall = new_hall()
    nobody = stranger(Screen())
    with pytest.raises(RuntimeError, match="log it in first"):
        hall.speech.say(nobody, "hello", NOON)
    with pytest.raises(RuntimeError, match="log it in first"):
        hall.rename(nobody, "ann", NOON)


def test_operators_are_seen_as_such() -> None:
    hall = new_hall()
    ann, screen = guest(hall, "ann")
    hall.promote(ann, NOON)
    assert screen.kinds() == [Kind.OPERATOR]
    assert here(ann).view(ann).people == (Person("ann", operator=True),)


def test_nobody_ignores_oneself_under_a_name_taken_over() -> None:
    hall = new_hall()
    ann, bob = person(hall, "ann"), person(hall, "bob")
    ann.types("/ignore bob")
    bob.types("/quit")
    ann.types("/nick bob", "hello")
    assert ann.hears() == ["hello"]


def test_coming_and_going_is_limited() -> None:
    hall = new_hall(max_rooms_joined=2, flood_rate=1)
    ann = person(hall, "ann", roaming=True)
    for _ in range(3):
        ann.session.join("tea", "", NOON)
        ann.session.leave("tea", NOON)
    assert ann.notices() == ["You are asking too fast; please wait a moment."] * 2


class House:
    """The account of one operator."""

    names = (check_name("root", 20),)

    def check(self, name: str, password: str) -> bool:
        return (name, password) == ("root", "sesame123")


def test_an_operators_name_is_kept_for_the_operator() -> None:
    hall = Hall(Limits(), doorkeeper=Doorkeeper(House()))
    ann, bob = person(hall, "ann"), visitor(hall)
    bob.types("root", "ROOT", "r00t", "bob")
    ann.types("/nick root", "/oper root sesame123", "/nick root")
    assert [text[:26] for text in bob.notices()[:3]] == ["That name is an operator's"] * 3
    assert ann.notices()[0].startswith("That name is an operator's")
    assert hall.names.find("root").operator


def test_a_new_name_does_not_evade_a_mute() -> None:
    hall = new_hall()
    ann = person(hall, "ann")
    hall.sanctions.impose(MUTE, check_name("ann", 20), None, "bob", "", NOON.wall)
    ann.types("/nick anna")
    assert ann.notices() == ["You are muted."]


def mute(hall: Hall, raw: str) -> None:
    hall.sanctions.impose(MUTE, target_of(raw, 20), None, "bob", "", NOON.wall)


def test_a_muted_address_comes_in_under_a_name_that_says_nothing() -> None:
    hall = new_hall()
    bob = person(hall, "bob", address="192.0.2.2")
    mute(hall, "192.0.2.1")
    visitors = [visitor(hall) for _ in range(2)]
    for each in visitors:
        each.types("buy-my-pills", "/nick buy-my-pills", "/join buy-my-pills")
    assert bob.reads() == ["-- guest-1 came into lobby.", "-- guest-2 came into lobby."]
    assert visitors[0].notices() == [
        "Welcome, guest-1. /help lists the commands.",
        "Your address is muted: until that ends you are called guest-1.",
        "You are muted.",
        "You are muted.",
    ]
    assert len(hall.rooms) == 1


def test_with_a_muted_name_one_comes_in_again_and_reads() -> None:
    hall = new_hall()
    mute(hall, "ann")
    ann, bob = person(hall, "ann"), person(hall, "bob")
    bob.types("hello", "/join attic")
    ann.types("/join buy-my-pills", "/join attic")
    assert ann.hears() == ["hello"]
    assert ann.notices() == ["You are muted."]
    assert ann.sees(RoomView)[-1].name == "attic"


def test_no_name_is_left_for_a_muted_address() -> None:
    hall = new_hall(max_name=5)  # guest-1 is longer
    mute(hall, "192.0.2.1")
    ann = visitor(hall)
    ann.types("ann")
    assert ann.notices() == ["You are muted."]
