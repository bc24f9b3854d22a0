from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from examples.chatroom.commands.moderation import MODERATION, MOST_LISTED
from examples.chatroom.commands.request import Command
from examples.chatroom.hall.hall import Hall
from examples.chatroom.hall.history import (
    ForgetRoom,
    MemoryStore,
    Remembered,
    SaveRoom,
    Write,
    Written,
)
from examples.chatroom.hall.limits import Limits
from examples.chatroom.hall.members import Member
from examples.chatroom.hall.messages import Kind, Parted, RoomView
from examples.chatroom.people.doorkeeper import Answered, Doorkeeper, Work
from examples.chatroom.people.names import Name, Refused, check_name
from tests.examples.chatroom.helpers import NOON, later, person, visitor

PASSWORD = "correct horse"
HERE, THERE = "192.0.2.1", "198.51.100.7"


class Accounts:
    """One operator, and nothing slow."""

    names: Sequence[Name] = (check_name("root", 20),)

    def check(self, name: str, password: str) -> bool:
        return (name, password) == ("root", PASSWORD)


class Notebook(MemoryStore):
    """Notes what it is given."""

    def __init__(self, remembered: Remembered | None = None) -> None:
        super().__init__(100)
        self.all: list[Write] = []
        self._known = remembered or Remembered()

    def load(self, recent: int) -> Remembered:
        return self._known

    def write(self, writes: Sequence[Write], done: Callable[[Written], None]) -> None:
        self.all += writes
        super().write(writes, done)


@dataclass
class Scene:
    """A hall with an operator and two others, of whom one comes from elsewhere."""

    store: Notebook = field(default_factory=Notebook)

    def __post_init__(self) -> None:
        limits = Limits(flood_burst=1000, address_burst=10_000)
        self.hall = Hall(limits, self.store, doorkeeper=Doorkeeper(Accounts()))
        self.ada = person(self.hall, "Ada", address=HERE)
        self.bob = person(self.hall, "Bob", address=THERE)
        self.carol = person(self.hall, "Carol", address=HERE)
        self.ada.types(f"/oper root {PASSWORD}")
        self.clear()

    def clear(self) -> None:
        for each in (self.ada, self.bob, self.carol):
            each.screen.clear()

    def member(self, name: str) -> Member:
        return self.hall.names.find(name)


@pytest.fixture
def scene() -> Scene:
    return Scene()


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


@pytest.mark.parametrize("line", [*FOR_OPERATORS, "/forget lobby"])
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


# Showing out


def test_kicking_shows_out_and_tells_why(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "chatroom"):
        scene.ada.types("/kick BOB too loud")
    assert scene.bob.session.ended
    assert scene.bob.screen.texts(Kind.FAREWELL) == ["You were shown out by Ada: too loud"]
    assert scene.carol.screen.texts(Kind.LEFT) == ["shown out by Ada (too loud)"]
    assert "Ada kicks Bob (198.51.100.7)" in caplog.text
    assert person(scene.hall, "Bob").session.logged_in


@pytest.mark.parametrize("command", ["kick", "ban", "mute"])
def test_operators_do_not_hit_themselves_or_one_another(command: str, scene: Scene) -> None:
    scene.carol.types(f"/oper root {PASSWORD}")
    scene.clear()
    scene.ada.types(f"/{command} ADA", f"/{command} Carol")
    own, other = scene.ada.notices()
    assert own in {"That is you.", "That is your own name."}
    assert other == "Carol is an operator; only the server's owner can change that."
    assert scene.store.all == []


@pytest.mark.parametrize("target", ["192.0.2.1", "192.0.2.0/24", "::ffff:192.0.2.1"])
def test_operators_do_not_ban_their_own_address(target: str, scene: Scene) -> None:
    scene.ada.types(f"/ban {target}", f"/mute {target}")
    assert scene.ada.notices() == ["That is your own address."] * 2
    assert not scene.ada.session.ended


def test_a_ban_by_name(scene: Scene) -> None:
    scene.ada.types("/ban bob 2h spam and more")
    end = "until 2023-11-15 00:13 UTC: spam and more"
    assert scene.ada.notices() == [
        f"bob is banned {end}",
        "Bob comes from 198.51.100.7; /ban 198.51.100.7 bans the address too.",
    ]
    assert scene.bob.screen.texts(Kind.FAREWELL) == [f"You are banned by Ada {end}"]
    assert scene.carol.screen.texts(Kind.LEFT) == ["shown out by Ada (spam and more)"]
    again = visitor(scene.hall)
    again.types("Bob", "B0b")
    assert again.notices() == [f"That name is banned {end}"] * 2
    again.session.receive("Bob", later(7200))
    assert again.session.logged_in


def test_a_ban_by_address(scene: Scene) -> None:
    unnamed = visitor(scene.hall, THERE)
    unnamed.screen.clear()
    scene.ada.types("/ban 198.51.100.0/24")
    assert scene.ada.notices() == ["198.51.100.0/24 is banned."]
    assert scene.bob.session.ended
    assert unnamed.screen.texts(Kind.FAREWELL) == ["You are banned by Ada."]
    assert not scene.carol.session.ended
    with pytest.raises(Refused, match="Your address is banned"):
        visitor(scene.hall, THERE)
    visitor(scene.hall, HERE)


def test_an_operator_at_a_banned_address_stays(scene: Scene) -> None:
    scene.bob.types(f"/oper root {PASSWORD}")
    scene.ada.types(f"/ban {THERE}")
    assert not scene.bob.session.ended


def test_one_who_is_not_here_can_be_banned_and_let_in_again(scene: Scene) -> None:
    scene.ada.types("/ban Dora", "/unban DORA", "/unban DORA")
    assert scene.ada.notices() == [
        "Dora is banned.",
        "The ban on DORA is lifted.",
        "There is no ban on DORA; /bans lists them all.",
    ]
    assert person(scene.hall, "Dora").session.logged_in
    assert [type(each).__name__ for each in scene.store.all] == ["SaveSanction", "ForgetSanction"]


@pytest.mark.parametrize("line", ["/ban Bob 10min", "/ban Bob 0m", "/mute Bob loud", "/ban a/b"])
def test_a_slip_bans_nobody(line: str, scene: Scene) -> None:
    scene.ada.types(line)
    assert len(scene.ada.notices()) == 1
    assert not scene.bob.session.ended
    assert scene.store.all == []


def test_bans_are_listed(scene: Scene) -> None:
    scene.ada.types("/bans", "/ban Dora 10m spam", "/mute 203.0.113.0/24")
    scene.ada.screen.clear()
    scene.ada.types("/bans")
    assert scene.ada.notices() == [
        "ban Dora until 2023-11-14 22:23 UTC by Ada: spam",
        "mute 203.0.113.0/24 for ever by Ada",
    ]
    scene.ada.screen.clear()
    for number in range(MOST_LISTED):
        scene.ada.types(f"/ban someone{number}")
    scene.ada.screen.clear()
    scene.ada.types("/bans")
    assert len(scene.ada.notices()) == MOST_LISTED + 1
    assert scene.ada.notices()[-1] == "... and 2 more."


def test_nothing_to_list(scene: Scene) -> None:
    scene.ada.types("/bans")
    assert scene.ada.notices() == ["Nobody is banned or muted."]


def test_what_is_stored_holds_after_a_restart(scene: Scene) -> None:
    scene.ada.types("/ban Bob", f"/ban {THERE} 7d")
    sanctions = tuple(scene.hall.sanctions.listed(NOON.wall))
    assert len(sanctions) == 2
    hall = Hall(Limits(), Notebook(Remembered(sanctions=sanctions)))
    with pytest.raises(Refused):
        visitor(hall, THERE)
    assert not person(hall, "Bob").session.logged_in


# Silencing


@pytest.mark.parametrize("target", ["bob", THERE])
def test_the_muted_are_told_and_not_heard(target: str, scene: Scene) -> None:
    scene.ada.types(f"/mute {target} 10m")
    told = scene.ada.notices()
    assert told[0] == f"{target} is muted until 2023-11-14 22:23 UTC."
    assert (len(told) == 2) is (target == "bob")
    assert scene.bob.notices() == ["You are muted until 2023-11-14 22:23 UTC."]
    scene.bob.types("hello", "/me waves", "/msg carol psst", "/topic mine")
    assert scene.bob.notices()[1:] == ["You are muted until 2023-11-14 22:23 UTC."] * 4
    assert scene.carol.screen.events == []
    scene.ada.types(f"/unmute {target}")
    scene.bob.types("hello again")
    assert scene.carol.hears() == ["hello again"]


def test_a_mute_takes_no_reason(scene: Scene) -> None:
    scene.ada.types("/mute Bob 10m spam", "/mute Bob spam")
    assert scene.ada.notices() == ["Usage: /mute NAME|ADDRESS [10m]"] * 2
    scene.bob.types("hello")
    assert scene.carol.hears() == ["hello"]


def test_a_mute_ends(scene: Scene) -> None:
    scene.ada.types("/mute Bob 10m")
    scene.bob.types("hello", at=later(600))
    assert scene.carol.hears() == ["hello"]


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
