"""Kicking, banning and muting."""

from __future__ import annotations

import logging

import pytest

from examples.chatroom.commands.moderation import MOST_LISTED
from examples.chatroom.hall.hall import Hall
from examples.chatroom.hall.history import (
    Remembered,
)
from examples.chatroom.hall.limits import Limits
from examples.chatroom.hall.messages import Kind
from examples.chatroom.people.names import Refused
from tests.examples.chatroom.commands.scene import HERE, PASSWORD, THERE, Notebook, Scene
from tests.examples.chatroom.helpers import NOON, later, person, visitor

# Kicks and bans


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


# Mutes


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
