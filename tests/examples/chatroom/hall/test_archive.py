from __future__ import annotations

from examples.chatroom.hall.hall import Hall
from examples.chatroom.hall.history import MemoryStore
from examples.chatroom.hall.limits import Limits
from examples.chatroom.hall.messages import Found, Page
from tests.examples.chatroom.helpers import NOON, Person, person
from tests.examples.chatroom.slow_store import SlowStore


def quarrel() -> Person:
    """Somebody who ignores bob, where bob has said much and ann a little."""
    hall = Hall(Limits(history_page=3, flood_burst=100), MemoryStore(100))
    ann, bob = person(hall, "ann"), person(hall, "bob")
    reader = person(hall, "reader", roaming=True)
    ann.types("one")
    bob.types(*"abcdefgh")
    ann.types("two")
    reader.types("/ignore bob")
    reader.screen.clear()
    return reader


def texts(page: Page | Found) -> list[str]:
    return [message.text for message in page.messages]


def test_pages_of_nothing_but_ignored_people_are_turned_over() -> None:
    reader = quarrel()
    reader.session.page("lobby", 0, NOON)
    (newest,) = reader.sees(Page)
    assert (texts(newest), newest.before, newest.more) == (["two"], 0, True)
    reader.session.page("lobby", newest.messages[0].id, NOON)
    older = reader.sees(Page)[1]
    assert (texts(older), older.more) == (["one"], False)


def test_a_search_does_not_find_ignored_people() -> None:
    reader = quarrel()
    reader.session.search("lobby", "a", NOON)
    assert [texts(found) for found in reader.sees(Found)] == [[]]


def test_an_answer_for_one_who_has_left_is_dropped() -> None:
    store = SlowStore()
    hall = Hall(Limits(), store)
    ann = person(hall, "ann", roaming=True)
    ann.session.page("lobby", 0, NOON)
    ann.session.lost("gone", NOON)
    store.asked.pop()()
    assert not ann.sees(Page)
