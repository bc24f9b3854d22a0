"""A hall without doors: members whose messages end in lists."""

from __future__ import annotations

from dataclasses import dataclass, field

from examples.chatroom.limits import Limits
from examples.chatroom.messages import Kind, Message, Moment
from examples.chatroom.room import Hall
from examples.chatroom.session import Session

NOON = Moment(mono=1000.0, wall=1_700_000_000.0)


def later(seconds: float) -> Moment:
    return Moment(NOON.mono + seconds, NOON.wall + seconds)


@dataclass
class Screen:
    """An outlet that remembers."""

    messages: list[Message] = field(default_factory=list)

    def deliver(self, message: Message) -> None:
        self.messages.append(message)

    def kinds(self) -> list[Kind]:
        return [message.kind for message in self.messages]

    def texts(self, kind: Kind) -> list[str]:
        return [message.text for message in self.messages if message.kind is kind]

    def clear(self) -> None:
        self.messages.clear()


@dataclass
class Person:
    """A session and what it shows."""

    session: Session
    screen: Screen

    def types(self, *lines: str, at: Moment = NOON) -> None:
        for line in lines:
            self.session.receive(line, at)

    def notices(self) -> list[str]:
        return self.screen.texts(Kind.NOTICE)

    def hears(self) -> list[str]:
        return self.screen.texts(Kind.SAID)


def visitor(hall: Hall, address: str = "192.0.2.1", screen: Screen | None = None) -> Person:
    screen = screen or Screen()
    return Person(Session(hall, screen, address, NOON), screen)


def person(hall: Hall, name: str, screen: Screen | None = None) -> Person:
    """Somebody who has logged in, with an empty screen."""
    someone = visitor(hall, screen=screen)
    someone.types(name)
    someone.screen.clear()
    return someone


def new_hall(**limits: float) -> Hall:
    return Hall(Limits(**limits))  # type: ignore[arg-type]  # tests give ints where ints belong
