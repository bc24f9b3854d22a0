"""The events of members that ignore another member."""

from __future__ import annotations

import pytest

from examples.chatroom.hall.hall import Hall
from examples.chatroom.hall.limits import Limits
from examples.chatroom.hall.messages import Kind, RoomList, RoomView
from examples.chatroom.people.doorkeeper import Doorkeeper
from examples.chatroom.people.names import check_name
from tests.examples.chatroom.helpers import Person, new_hall, person
from tests.examples.chatroom.slow_store import SlowStore

WORDS = "buy my pills"


def scene() -> tuple[Person, Person, Person]:
    """Return Eve, a talker; Bob, ignoring her; Carol, not ignoring her."""
    hall = new_hall(flood_burst=100)
    eve, bob, carol = (person(hall, name) for name in ("Eve", "Bob", "Carol"))
    bob.types("/ignore Eve")
    for each in (eve, bob, carol):
        each.screen.clear()
    return eve, bob, carol


@pytest.mark.parametrize(
    ("lines", "seen"),
    [
        ([f"/topic {WORDS}"], f"-- Eve set the topic: {WORDS}"),
        ([f"/quit {WORDS}"], f"-- Eve left lobby: quit ({WORDS})."),
        (["/nick buy-my-pills"], "-- Eve is now called buy-my-pills."),
        (["/join buy-my-pills"], "-- Eve left lobby: went to buy-my-pills."),
        (["/nick Mal", f"/quit {WORDS}"], f"-- Mal left lobby: quit ({WORDS})."),
        (["/nick Mal", f"/topic {WORDS}"], f"-- Mal set the topic: {WORDS}"),
        ([WORDS], f"Eve: {WORDS}"),
        ([f"/me would {WORDS}"], f"* Eve would {WORDS}"),
        ([f"/msg Bob {WORDS}"], None),
    ],
)
def test_no_words_of_somebody_ignored_become_a_line(lines: list[str], seen: str | None) -> None:
    eve, bob, carol = scene()
    eve.types(*lines)
    assert bob.reads() == []
    if seen is not None:
        assert carol.reads()[-1] == seen
    words = [message.text for message in bob.screen.messages if message.kind is not Kind.RENAMED]
    assert "pills" not in "".join(words)


def test_lists_of_people_follow_somebody_ignored_all_the_same() -> None:
    eve, bob, _ = scene()
    eve.types("/nick Mal", "/join attic", "/join lobby", "/quit")
    quiet = [(each.kind, each.sender, each.quiet) for each in bob.screen.messages]
    assert quiet == [
        (Kind.RENAMED, "Eve", True),
        (Kind.LEFT, "Mal", True),
        (Kind.JOINED, "Mal", True),
        (Kind.LEFT, "Mal", True),
    ]


def test_the_topic_of_somebody_ignored_is_not_shown_later_either() -> None:
    eve, bob, carol = scene()
    eve.types(f"/topic {WORDS}")
    for each in (bob, carol):
        each.screen.clear()
        each.types("/look", "/rooms", "/topic")
    views = [(bob, ""), (carol, WORDS)]
    assert [each.sees(RoomView)[0].topic for each, _ in views] == ["", WORDS]
    assert [each.sees(RoomList)[0].rooms[0].topic for each, _ in views] == ["", WORDS]
    assert [each.notices() for each, _ in views] == [["Topic: (none)"], [f"Topic: {WORDS}"]]
    bob.types("/ignore Eve", "/topic")
    assert bob.notices()[-1] == f"Topic: {WORDS}"


class House:
    """The account of one operator."""

    names = (check_name("root", 20),)

    def check(self, name: str, password: str) -> bool:
        return password == "sesame123"


def test_the_reason_of_a_kick_is_the_operators() -> None:
    hall = new_hall()
    hall.doorkeeper = Doorkeeper(House())
    eve, ann, bob, carol = (person(hall, name) for name in ("Eve", "Ann", "Bob", "Carol"))
    eve.types("/oper root sesame123")
    bob.types("/ignore Eve")
    carol.types("/ignore Ann")
    for each in (bob, carol):
        each.screen.clear()
    eve.types(f"/kick Ann {WORDS}")
    assert bob.reads() == ["-- Ann left lobby: shown out by Eve."]
    assert carol.reads() == []
    assert ann.screen.texts(Kind.FAREWELL) == [f"You were shown out by Eve: {WORDS}"]


def test_what_must_be_stored_is_stored_once_and_before_anybody_sees_it() -> None:
    store = SlowStore()
    hall = Hall(Limits(), store)
    eve, bob, carol = (person(hall, name) for name in ("Eve", "Bob", "Carol"))
    bob.types("/ignore Eve")
    bob.screen.clear()
    eve.types(f"/topic {WORDS}")
    assert not bob.screen.messages
    assert not carol.screen.texts(Kind.TOPIC)
    store.answer()
    assert carol.screen.texts(Kind.TOPIC) == [WORDS]
    assert [(each.kind, each.quiet) for each in bob.screen.messages] == [(Kind.TOPIC, True)]
    assert (len(store.batches), len(store.batches[0]), store.waiting) == (1, 1, [])
