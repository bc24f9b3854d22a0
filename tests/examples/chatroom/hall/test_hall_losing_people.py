"""A member is lost while the hall delivers events: the other members must not be affected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from examples.chatroom.doors.session import Session
from examples.chatroom.hall.hall import Hall
from examples.chatroom.hall.members import Member
from examples.chatroom.hall.messages import Event, Kind
from tests.examples.chatroom.helpers import NOON, Person, Screen, new_hall, person, visitor

MOST_EVENTS = 8  # more than any test below shows to one member


@dataclass
class Fragile(Screen):
    """An outlet that is lost after a number of events, as when its queue overflows."""

    lasts: int | None = None
    session: Session | None = None

    def deliver(self, event: Event) -> None:
        if self.lasts == 0:
            assert self.session is not None
            self.session.lost("reads too slowly", NOON)
            return
        if self.lasts is not None:
            self.lasts -= 1
        super().deliver(event)


@dataclass
class Scene:
    """Ada and Bob move between two rooms, Cy types in one of them; Dan has no name yet."""

    hall: Hall
    people: dict[str, Person]

    def lose(self, name: str, lasts: int) -> None:
        """Make `name` lost after this many events."""
        screen = self.people[name].screen
        assert isinstance(screen, Fragile)
        screen.lasts, screen.session = lasts, self.people[name].session

    def member(self, name: str) -> Member:
        return self.hall.names.find(name)


def scene() -> Scene:
    hall = new_hall()
    people = {
        "ada": person(hall, "ada", Fragile(), roaming=True),
        "bob": person(hall, "bob", Fragile(), roaming=True),
        "cy": person(hall, "cy", Fragile()),
    }
    for each in people.values():
        each.types("/join attic")
    people["dan"] = visitor(hall, screen=Fragile())
    return Scene(hall, people)


ACTIONS: dict[str, Callable[[Scene], object]] = {
    "log in": lambda on: on.people["dan"].types("dan"),
    "rename": lambda on: on.people["ada"].types("/nick eve"),
    "join": lambda on: on.people["ada"].types("/join cellar"),
    "move": lambda on: on.people["cy"].types("/join cellar"),
    "part": lambda on: on.people["ada"].types("/leave"),
    "move back": lambda on: on.people["cy"].types("/leave"),
    "promote": lambda on: on.hall.promote(on.member("ada"), NOON),
    "forget": lambda on: on.hall.membership.forget_room(
        on.hall.rooms.find("attic"), "why not", NOON
    ),
    "look again": lambda on: on.people["ada"].session.views(),
    "speak": lambda on: on.people["ada"].types("hello"),
    "quit": lambda on: on.people["ada"].types("/quit"),
}


def assert_in_order(hall: Hall) -> None:
    for room in hall.rooms:
        assert all(member.present and room in member.rooms for member in room.members)
    for member in hall.members:
        assert (member.room in member.rooms) == (member.name is not None)
        assert all(member in room.members for room in member.rooms)


def comings_and_goings(screen: Screen, room: str) -> list[tuple[Kind, str]]:
    watched = (Kind.JOINED, Kind.LEFT, Kind.RENAMED, Kind.OPERATOR)
    return [(e.kind, e.sender) for e in screen.messages if e.kind in watched and e.room == room]


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("lost", ["ada", "bob", "cy", "dan"])
def test_who_is_lost_at_any_event_is_gone_and_nobody_else(action: str, lost: str) -> None:
    for lasts in range(MOST_EVENTS):
        on = scene()
        watcher = person(on.hall, "watcher", roaming=True)
        watcher.session.join("attic", "", NOON)
        watcher.screen.clear()
        on.lose(lost, lasts)
        ACTIONS[action](on)
        assert_in_order(on.hall)
        assert watcher.session.logged_in
        assert not watcher.session.ended
        for room in ("lobby", "attic"):
            assert_gone_is_gone(comings_and_goings(watcher.screen, room))


def assert_gone_is_gone(news: list[tuple[Kind, str]]) -> None:
    """A member that left enters again before any other event about it."""
    away: set[str] = set()
    for kind, name in news:
        assert name not in away or kind is Kind.JOINED, news
        (away.add if kind is Kind.LEFT else away.discard)(name)


def test_the_actions_show_no_more_events_than_are_tried() -> None:
    for action in ACTIONS.values():
        on = scene()
        for each in on.people.values():
            each.screen.clear()
        action(on)
        assert all(len(each.screen.events) < MOST_EVENTS for each in on.people.values())
