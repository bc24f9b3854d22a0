from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from examples.chatroom.limits import FloodGuard, Limits
from examples.chatroom.members import Member
from examples.chatroom.messages import Kind, Message
from examples.chatroom.postbox import Postbox
from tests.examples.chatroom.helpers import Screen


@dataclass
class Trap:
    """An outlet that does something as it is delivered to."""

    spring: Callable[[Message], None]

    def deliver(self, message: Message) -> None:
        self.spring(message)


def member(outlet: Screen | Trap) -> Member:
    return Member(outlet, "192.0.2.1", FloodGuard(Limits(), 0.0), 0.0)


def nobody_is_broken(member: Member, message: Message) -> None:
    raise AssertionError("no outlet fails in this test")


def test_all_see_the_same_order_although_a_delivery_posts_more() -> None:
    box = Postbox(nobody_is_broken)
    first, second = Screen(), Screen()
    everybody: list[Member] = []

    def answer(message: Message) -> None:
        if message.text == "one":
            box.post(Message(Kind.SAID, "two"), everybody)

    everybody += [member(first), member(Trap(answer)), member(second)]
    box.post(Message(Kind.SAID, "one"), everybody)
    assert first.texts(Kind.SAID) == second.texts(Kind.SAID) == ["one", "two"]


def test_a_chain_of_consequences_does_not_nest() -> None:
    box = Postbox(nobody_is_broken)
    count = 0

    def again(message: Message) -> None:
        nonlocal count
        count += 1
        if count < 10_000:
            box.post(message, [echo])

    echo = member(Trap(again))
    box.post(Message(Kind.SAID), [echo])
    assert count == 10_000


def test_one_failing_outlet_hurts_nobody_else(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR, "chatroom")
    broken: list[Member] = []
    box = Postbox(lambda member, message: broken.append(member))
    screen = Screen()

    def fail(message: Message) -> None:
        raise ZeroDivisionError

    bad = member(Trap(fail))
    box.post(Message(Kind.SAID, "hello"), [bad, member(screen)])
    assert screen.texts(Kind.SAID) == ["hello"]
    assert broken == [bad]
    assert "ZeroDivisionError" in caplog.text


def test_one_who_leaves_in_the_middle_gets_nothing_more() -> None:
    box = Postbox(nobody_is_broken)
    screen = Screen()
    late = member(screen)

    def leave(message: Message) -> None:
        late.reachable = False

    box.post(Message(Kind.SAID), [member(Trap(leave)), late])
    assert screen.messages == []


def test_nothing_follows_a_farewell() -> None:
    box = Postbox(nobody_is_broken)
    screen = Screen()
    someone = member(screen)
    box.post(Message(Kind.FAREWELL), [someone])
    box.post(Message(Kind.NOTICE), [someone])
    assert screen.kinds() == [Kind.FAREWELL]
