"""Halls, members and their screens, for the tests of the hall."""

from __future__ import annotations

from examples.chatroom.hall.hall import Hall
from examples.chatroom.hall.members import Member
from tests.examples.chatroom.helpers import NOON, Screen


def arrive(hall: Hall, outlet: Screen, *, roaming: bool = False) -> Member:
    return hall.connect(outlet, hall.gate.enter("192.0.2.1"), NOON, roaming=roaming)


def guest(hall: Hall, name: str, screen: Screen | None = None) -> tuple[Member, Screen]:
    screen = screen or Screen()
    member = arrive(hall, screen)
    hall.log_in(member, name, NOON)
    screen.clear()
    return member, screen
