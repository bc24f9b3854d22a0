from __future__ import annotations

import logging

import pytest

from examples.chatroom.commands.moderation import MODERATION
from examples.chatroom.commands.request import Command
from examples.chatroom.hall.hall import Hall
from examples.chatroom.hall.history import (
    ForgetMessage,
    ForgetRoom,
    SaveRoom,
)
from examples.chatroom.hall.limits import Limits
from examples.chatroom.hall.messages import Forgotten, Kind, Parted, RoomView
from examples.chatroom.people.doorkeeper import Answered, Doorkeeper, Work
from tests.examples.chatroom.commands.scene import PASSWORD, Accounts, Scene
from tests.examples.chatroom.helpers import RENDERER, later, person, visitor
from tests.examples.chatroom.slow_store import SlowStore

# Becoming an operator


def test_a_password_makes_an_operator_and_all_see_it(scene: Scene) -> None:
    scene.bob.types(f"/oper root {PASSWORD}")
    assert scene.member("Bob").operator
    assert scene.bob.notices() == ["You are an operator now."]
    (message,) = scene.carol.screen.messages
    assert (message.kind, message.sender) == (Kind.OPERATOR, "Bob")
    scene.bob.types(f"/oper root {PASSWORD}")
    assert scene.bob.notices()[-1] == "You are an operator already."


@pytest.mark.parametrize("line", ["/oper root wrong one", "/oper Bob correct horse"])
def test_another_password_does_not(line: str, scene: Scene) -> None:
    scene.bob.types(line)
    assert not scene.member("Bob").operator
    assert scene.bob.notices() == ["That is not the name and the password of an operator."]
    assert scene.carol.screen.events == []


@pytest.mark.parametrize("line", ["/oper", "/oper root", "/oper root  "])
def test_without_a_password_the_usage_is_shown(line: str, scene: Scene) -> None:
    scene.bob.types(line)
    assert scene.bob.notices() == ["Usage: /oper NAME PASSWORD"]


def test_guessing_is_slow(scene: Scene) -> None:
    scene.bob.types("/oper root 1", "/oper root 2", "/oper root 3", f"/oper root {PASSWORD}")
    assert "try again in 1 seconds" in scene.bob.notices()[-1]
    scene.bob.types(f"/oper root {PASSWORD}", at=later(2))
    assert scene.member("Bob").operator


def test_no_secret_gets_into_log_or_history_or_to_others(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        scene.carol.types(f"/oper root {PASSWORD}", "/oper root mistyped-secret")
        scene.bob.types("/oper root mistyped-secret", "/join attic", "/lock sesame-key")
        scene.carol.types("/join attic wrong-key")
    shown = [*scene.ada.reads(), *scene.bob.reads(), *scene.carol.reads()]
    for text in (caplog.text, repr(scene.store.all), repr(shown)):
        for secret in (PASSWORD, "mistyped-secret", "sesame-key", "wrong-key"):
            assert secret not in text


@pytest.mark.parametrize("good", [True, False])
def test_the_answer_may_come_when_one_has_left(good: bool) -> None:
    waiting: list[tuple[Work, Answered]] = []
    keeper = Doorkeeper(Accounts(), lambda work, answered: waiting.append((work, answered)))
    hall = Hall(Limits(), doorkeeper=keeper)
    ann, bob = person(hall, "ann"), person(hall, "bob")
    ann.types(f"/oper root {PASSWORD}", "/quit")
    (left,) = (each for each in hall.members if each.shown == "bob")
    bob.screen.clear()
    ann.screen.clear()
    waiting[0][1](good)
    assert ann.screen.events == bob.screen.events == []
    assert not left.operator


def test_asking_twice_at_once_makes_one_operator() -> None:
    waiting: list[tuple[Work, Answered]] = []
    keeper = Doorkeeper(Accounts(), lambda work, answered: waiting.append((work, answered)))
    ann = person(Hall(Limits(), doorkeeper=keeper), "ann")
    ann.types(f"/oper root {PASSWORD}", f"/oper root {PASSWORD}")
    for work, answered in waiting:
        answered(work())
    assert ann.notices() == ["You are an operator now."]


def test_a_hall_without_operators_says_so() -> None:
    ann = person(Hall(Limits()), "ann")
    ann.types("/oper root x")
    assert ann.notices() == ["This chat room has no operators."]


FOR_OPERATORS = ["/kick Ada", "/ban Ada", "/unban x", "/bans", "/mute Ada", "/unmute x"]


@pytest.mark.parametrize("line", [*FOR_OPERATORS, "/forget lobby", "/forget 1"])
def test_what_only_operators_may_do(line: str, scene: Scene) -> None:
    scene.bob.types(line)
    assert scene.bob.notices() == ["Only operators may do that; /oper NAME PASSWORD makes you one."]
    assert scene.ada.screen.events == []
    assert scene.store.all == []


@pytest.mark.parametrize(
    "command", [each for each in MODERATION if each.name not in {"oper", "bans", "unlock"}]
)
def test_a_missing_argument_gets_the_usage(command: Command, scene: Scene) -> None:
    scene.ada.types(f"/{command.name}")
    assert scene.ada.notices() == [f"Usage: {command.usage}"]


# Rooms


def with_attic(scene: Scene) -> None:
    scene.bob.types("/join attic")
    scene.clear()


def test_who_made_a_room_closes_and_opens_it(scene: Scene) -> None:
    with_attic(scene)
    scene.bob.types("/unlock", "/lock abc", "/lock sesame")
    assert scene.bob.notices() == [
        "attic is open.",
        "A key is one word of 4 to 100 characters.",
        "/join attic KEY lets people in; those who are here stay.",
    ]
    assert scene.bob.screen.kinds()[-2:] == [Kind.LOCKED, Kind.NOTICE]
    assert any(isinstance(each, SaveRoom) and each.lock for each in scene.store.all)
    scene.carol.types("/join attic", "/join attic wrong", "/join attic sesame")
    assert len(scene.carol.notices()) == 2
    assert [view.name for view in scene.carol.sees(RoomView)] == ["attic"]
    scene.bob.types("/unlock")
    assert scene.carol.screen.kinds()[-1] is Kind.UNLOCKED
    assert not scene.hall.rooms.find("attic").lock


def test_others_may_not_close_it_but_operators_may(scene: Scene) -> None:
    with_attic(scene)
    scene.carol.types("/join attic", "/lock sesame", "/unlock")
    assert scene.carol.notices() == ["Only who made the room, or an operator, may do that."] * 2
    scene.ada.types("/join attic", "/lock sesame")
    assert scene.hall.rooms.find("attic").lock


def test_the_lobby_stays_open_to_all(scene: Scene) -> None:
    scene.ada.types("/lock sesame", "/unlock", "/forget lobby")
    assert scene.ada.notices() == [
        "The lobby is open to all.",
        "The lobby is open to all.",
        "The lobby cannot be forgotten.",
    ]


def test_a_room_is_forgotten_with_all_that_was_said(scene: Scene) -> None:
    with_attic(scene)
    scene.bob.types("a secret")
    scene.ada.types("/forget ATTIC", "/forget attic")
    assert scene.ada.notices() == [
        "attic is forgotten, with all that was said there.",
        "There is no room called attic.",
    ]
    assert scene.bob.sees(Parted) == [Parted("attic", "Ada has had the room forgotten.")]
    assert scene.store.all[-1] == ForgetRoom("attic")
    scene.bob.screen.clear()
    scene.bob.types("/join attic", "/history")
    assert "a secret" not in repr(scene.bob.screen.events)


def test_a_room_in_which_nothing_was_said_is_forgotten_too(scene: Scene) -> None:
    with_attic(scene)
    scene.ada.types("/forget attic")
    assert scene.ada.notices() == ["attic is forgotten, with all that was said there."]
    assert [view.name for view in scene.bob.sees(RoomView)] == ["lobby"]


# Messages


def test_a_message_is_forgotten_everywhere(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="chatroom")
    page = person(scene.hall, "Page", roaming=True)
    scene.bob.types("a secret", "harmless")
    secret = scene.bob.screen.messages[-2].id
    page.screen.clear()
    scene.ada.types(f"/forget {secret}")
    assert scene.ada.notices() == [f"There is no message {secret} any more."]
    assert page.screen.events == [Forgotten(secret)]
    assert scene.store.all[-1] == ForgetMessage(secret)
    assert f"Ada has message {secret} forgotten" in caplog.text
    assert "a secret" not in caplog.text
    newcomer = visitor(scene.hall)
    newcomer.types("new", "/history", "/search secret", "/search harmless")
    assert "a secret" not in repr(newcomer.screen.events)
    assert "harmless" in repr(newcomer.screen.events)


def test_a_message_that_is_just_being_stored_is_forgotten_too() -> None:
    store = SlowStore()
    hall = Hall(Limits(), store, doorkeeper=Doorkeeper(Accounts()))
    ada = person(hall, "Ada")
    ada.types(f"/oper root {PASSWORD}", "a secret", "/forget 1")
    while store.waiting:
        store.answer()
    assert ada.screen.texts(Kind.SAID) == ["a secret"]
    assert list(hall.rooms.lobby.tail) == []


def test_operators_see_the_numbers_of_messages(scene: Scene) -> None:
    scene.bob.types("hello")
    number = scene.bob.screen.messages[0].id
    for someone, numbered in ((scene.ada, True), (scene.bob, False)):
        someone.screen.clear()
        someone.types("/history", "/search hello")
        found = [RENDERER.lines(each)[-1] for each in someone.screen.events]
        assert [f", {number}] Bob: hello" in line for line in found] == [numbered] * 2


def test_a_room_whose_name_is_a_number_can_be_forgotten(scene: Scene) -> None:
    scene.bob.types("/join 77")
    scene.ada.types("/forget 77", "/forget #77")
    assert scene.ada.notices() == [
        "There is no message 77 any more.",
        "77 is forgotten, with all that was said there.",
    ]


def test_any_number_is_a_number_to_forget(scene: Scene) -> None:
    scene.ada.types("/forget 0", f"/forget {'9' * 300}", "/forget \N{SUPERSCRIPT TWO}")
    assert scene.ada.notices()[:2] == [
        "There is no message 0 any more.",
        f"There is no message {'9' * 19} any more.",
    ]
