"""Bans, mutes and rooms while the machine's clock is wrong: the monotonic clock decides."""

from __future__ import annotations

import pytest

from examples.chatroom.hall.hall import Hall
from examples.chatroom.hall.history import MemoryStore, Remembered, SaveRoom
from examples.chatroom.hall.limits import Limits
from examples.chatroom.hall.messages import Kind, Message, Moment
from tests.examples.chatroom.commands.scene import THERE, Scene
from tests.examples.chatroom.helpers import NOON, later, new_hall, person, visitor

YEAR = 365 * 86_400.0


def wrong(seconds: float, off: float = YEAR) -> Moment:
    """Return a moment some seconds after noon by all clocks but the machine's."""
    return Moment(NOON.mono + seconds, NOON.wall + seconds + off, NOON.wall + seconds)


def test_a_jump_of_the_clock_ends_no_ban() -> None:
    scene = Scene()
    scene.ada.types("/ban Bob 10m", "/mute Carol 10m")
    again = visitor(scene.hall)
    again.types("Bob", at=wrong(60))
    assert "That name is banned" in again.notices()[-1]
    scene.carol.types("hello", at=wrong(60))
    assert "You are muted" in scene.carol.notices()[-1]
    scene.ada.types("/bans", at=wrong(60))
    assert any("ban Bob" in text for text in scene.ada.notices())
    again.types("Bob", at=wrong(601))
    scene.carol.types("hello", at=wrong(601))
    assert again.session.logged_in
    assert scene.carol.hears() == ["hello"]


def test_a_jump_ends_no_ban_of_an_address() -> None:
    scene = Scene()
    scene.ada.types(f"/ban {THERE} 10m")
    with pytest.raises(Exception, match="Your address is banned"):
        scene.hall.connect(scene.ada.screen, scene.hall.gate.enter(THERE), wrong(60))
    scene.hall.connect(scene.ada.screen, scene.hall.gate.enter(THERE), wrong(601))


def test_a_ban_that_is_given_while_the_clock_is_behind_holds() -> None:
    scene = Scene()
    scene.ada.types("/ban Bob 10m", at=wrong(0, off=-50 * YEAR))
    again = visitor(scene.hall)
    again.types("Bob", at=wrong(599, off=-50 * YEAR))
    assert not again.session.logged_in
    again.types("Bob", at=wrong(601))
    assert again.session.logged_in


def test_a_jump_leaves_no_room_deserted() -> None:
    hall = new_hall(max_rooms=2, room_rest=3600.0)
    ann = person(hall, "ann")
    ann.types("/join attic", "dusty", "/leave")
    ann.types("/join cellar", at=wrong(60))
    assert "which is the limit" in ann.notices()[-1]
    ann.types("/join cellar", at=wrong(3601))
    assert ann.screen.kinds()[-1] is Kind.JOINED


def test_after_a_restart_a_room_is_as_old_as_its_last_use_whatever_its_messages_say() -> None:
    class Restarted(MemoryStore):
        used = NOON.wall

        def load(self, recent: int) -> Remembered:
            told = Message(Kind.SAID, "x", "zoe", room="attic", at=5.0, id=1)
            rooms = ((SaveRoom("attic", "attic"), (told,)),)
            return Remembered(1, rooms, used={"attic": self.used})

    limits = Limits(max_rooms=2, room_rest=3600.0)
    ann = person(Hall(limits, Restarted(9)), "ann")
    ann.types("/join cellar", at=later(60))
    assert "which is the limit" in ann.notices()[-1]
    ann.types("/join cellar", at=later(3601))
    assert ann.screen.kinds()[-1] is Kind.JOINED


def test_a_jump_lets_nobody_go_on_from_a_banned_address() -> None:
    scene = Scene()
    scene.ada.types("/ban 203.0.113.9 10m")
    scene.bob.session.move("203.0.113.9", wrong(60))
    assert scene.bob.session.ended
