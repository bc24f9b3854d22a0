from __future__ import annotations

from examples.chatroom.limits import FloodGuard, Limits
from examples.chatroom.members import Member, Room
from examples.chatroom.names import Name
from tests.examples.chatroom.helpers import Screen


def member() -> Member:
    return Member(Screen(), "192.0.2.1", FloodGuard(Limits(), 0.0), 0.0)


def test_members_are_told_apart_by_identity_not_by_value() -> None:
    room = Room(Name("lobby", "lobby"), dict.fromkeys((member(), member())))
    assert len(room.members) == 2


def test_what_a_member_is_called() -> None:
    someone = member()
    assert someone.shown == "(not logged in)"
    someone.name = Name("Ann", "ann")
    assert someone.shown == "Ann"
