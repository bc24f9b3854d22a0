from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.chatroom.hall.history import ForgetRoom
from examples.chatroom.hall.ledger import Fate, Ledger
from examples.chatroom.hall.members import Member
from examples.chatroom.hall.messages import Event, Kind, Message
from examples.chatroom.hall.postbox import Postbox
from tests.examples.chatroom.helpers import Screen, stranger
from tests.examples.chatroom.slow_store import SlowStore

WRITE = ForgetRoom("attic")


@dataclass
class Trap:
    """An outlet that runs an action when an event is delivered to it."""

    spring: Callable[[Event], None]

    def deliver(self, event: Event) -> None:
        self.spring(event)


def nobody_is_broken(member: Member) -> None:
    raise AssertionError("no outlet fails in this test")


def postbox(on_broken: Callable[[Member], None] = nobody_is_broken) -> tuple[Postbox, SlowStore]:
    store = SlowStore()
    ledger = Ledger(store, lambda callback: callback(), lambda text: None, 100)
    return Postbox(ledger, on_broken), store


def text_of(event: Event) -> str:
    assert isinstance(event, Message)
    return event.text


def test_all_see_the_same_order_although_a_delivery_posts_more() -> None:
    box, _ = postbox()
    first, second = Screen(), Screen()
    everybody: list[Member] = []

    def answer(event: Event) -> None:
        if text_of(event) == "one":
            box.post(Message(Kind.SAID, "two"), everybody)

    everybody += [stranger(first), stranger(Trap(answer)), stranger(second)]
    box.post(Message(Kind.SAID, "one"), everybody)
    assert first.texts(Kind.SAID) == second.texts(Kind.SAID) == ["one", "two"]


def test_a_chain_of_consequences_does_not_nest() -> None:
    box, _ = postbox()
    count = 0

    def again(event: Event) -> None:
        nonlocal count
        count += 1
        if count < 10_000:
            box.post(event, [echo])

    echo = stranger(Trap(again))
    box.post(Message(Kind.SAID), [echo])
    assert count == 10_000


def test_one_failing_outlet_hurts_nobody_else(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR, "chatroom")
    broken: list[Member] = []
    box, _ = postbox(broken.append)
    screen = Screen()

    def fail(event: Event) -> None:
        raise ZeroDivisionError

    bad = stranger(Trap(fail))
    box.post(Message(Kind.SAID, "hello"), [bad, stranger(screen)])
    assert screen.texts(Kind.SAID) == ["hello"]
    assert broken == [bad]
    assert "ZeroDivisionError" in caplog.text


def test_one_who_leaves_in_the_middle_gets_nothing_more() -> None:
    box, _ = postbox()
    screen = Screen()
    late = stranger(screen)

    def leave(event: Event) -> None:
        late.reachable = False

    box.post(Message(Kind.SAID), [stranger(Trap(leave)), late])
    assert screen.messages == []


@pytest.mark.parametrize("last", [Kind.FAREWELL, Kind.CLOSING])
def test_nothing_follows_the_last_words(last: Kind) -> None:
    box, _ = postbox()
    screen = Screen()
    someone = stranger(screen)
    box.post(Message(last), [someone])
    box.post(Message(Kind.NOTICE), [someone])
    assert screen.kinds() == [last]


def test_nothing_is_shown_before_it_is_stored_and_nothing_overtakes_it() -> None:
    box, store = postbox()
    screen = Screen()
    someone = [stranger(screen)]
    box.post(Message(Kind.SAID, "one"), someone, WRITE)
    box.post(Message(Kind.NOTICE, "two"), someone)
    box.post(Message(Kind.SAID, "three"), someone, WRITE)
    assert screen.messages == []
    assert len(box) == 3
    store.answer()
    assert [message.text for message in screen.messages] == ["one", "two"]
    store.answer()
    assert [message.text for message in screen.messages] == ["one", "two", "three"]


def test_what_is_shown_can_depend_on_what_became_of_it() -> None:
    box, store = postbox()
    screen = Screen()

    def showing(fate: Fate) -> Event | None:
        return Message(Kind.NOTICE, fate.value) if fate is Fate.HELD else None

    box.post(showing, [stranger(screen)], WRITE)
    store.answer()
    box.post(showing, [stranger(screen)], WRITE)
    store.answer("the disk is full")
    assert screen.texts(Kind.NOTICE) == ["held"]


@given(st.lists(st.sampled_from(["write", "plain", "well", "full"]), max_size=40))
def test_in_whatever_order_the_disk_answers_there_is_one_order_for_all(steps: list[str]) -> None:
    box, store = postbox()
    screens = [Screen(), Screen()]
    everybody = [stranger(screen) for screen in screens]
    posted = 0
    for step in steps:
        if step in ("write", "plain"):
            posted += 1
            write = WRITE if step == "write" else None
            box.post(Message(Kind.SAID, str(posted)), everybody, write)
        elif store.waiting:
            store.answer("" if step == "well" else "full")
    while store.waiting:
        store.answer()
    for screen in screens:
        assert screen.texts(Kind.SAID) == [str(number + 1) for number in range(posted)]
