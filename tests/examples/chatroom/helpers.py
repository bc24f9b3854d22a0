"""A hall without doors: members whose events are collected in lists."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC
from typing import TypeVar

from examples.chatroom.doors.line.rendering import LineRenderer
from examples.chatroom.doors.session import Session
from examples.chatroom.hall.flood import FloodGuard
from examples.chatroom.hall.gate import Gate
from examples.chatroom.hall.hall import Hall
from examples.chatroom.hall.limits import Limits
from examples.chatroom.hall.members import Member, Outlet
from examples.chatroom.hall.messages import Event, Kind, Message, Moment
from examples.chatroom.people.names import Refused

Shown = TypeVar("Shown", bound=Event)
RENDERER = LineRenderer(UTC)
NOON = Moment(mono=1000.0, wall=1_700_000_000.0)


def later(seconds: float) -> Moment:
    return Moment(NOON.mono + seconds, NOON.wall + seconds)


@dataclass
class Screen:
    """An outlet that records its events."""

    events: list[Event] = field(default_factory=list)

    def deliver(self, event: Event) -> None:
        self.events.append(event)

    @property
    def messages(self) -> list[Message]:
        return [event for event in self.events if isinstance(event, Message)]

    def kinds(self) -> list[Kind]:
        return [message.kind for message in self.messages]

    def texts(self, kind: Kind) -> list[str]:
        return [message.text for message in self.messages if message.kind is kind]

    def clear(self) -> None:
        self.events.clear()


@dataclass
class Person:
    """A session and its screen."""

    session: Session
    screen: Screen

    def types(self, *lines: str, at: Moment = NOON) -> None:
        for line in lines:
            self.session.receive(line, at)

    def notices(self) -> list[str]:
        return self.screen.texts(Kind.NOTICE)

    def hears(self) -> list[str]:
        return self.screen.texts(Kind.SAID)

    def sees(self, kind: type[Shown]) -> list[Shown]:
        """Return the events of one class."""
        return [event for event in self.screen.events if isinstance(event, kind)]

    def reads(self) -> list[str]:
        """Return all events as lines, without times."""
        lines = [line for event in self.screen.events for line in RENDERER.lines(event)]
        return [re.sub(r"^\[[^]]*\] ", "", line) for line in lines]


def visitor(
    hall: Hall,
    address: str = "192.0.2.1",
    screen: Screen | None = None,
    *,
    roaming: bool = False,
) -> Person:
    screen = screen or Screen()
    place = hall.gate.enter(address)
    try:
        return Person(Session(hall, screen, place, NOON, roaming=roaming), screen)
    except Refused:
        place.leave()
        raise


def person(
    hall: Hall,
    name: str,
    screen: Screen | None = None,
    *,
    roaming: bool = False,
    address: str = "192.0.2.1",
) -> Person:
    """Return a logged-in member, with an empty screen."""
    someone = visitor(hall, address, screen, roaming=roaming)
    someone.types(name)
    someone.screen.clear()
    return someone


def stranger(outlet: Outlet) -> Member:
    """Return a member that no hall knows."""
    limits = Limits()
    place = Gate(limits).enter("192.0.2.1")
    return Member(outlet, place, FloodGuard(limits, 0.0), 0.0)


def new_hall(**limits: float) -> Hall:
    return Hall(Limits(**limits))  # type: ignore[arg-type]  # tests give ints where ints belong
