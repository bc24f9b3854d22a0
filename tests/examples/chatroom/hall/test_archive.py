from __future__ import annotations

from collections.abc import Callable

from examples.chatroom.hall.hall import Hall
from examples.chatroom.hall.history import ANYBODY, Answer, Asker, MemoryStore
from examples.chatroom.hall.limits import Limits
from examples.chatroom.hall.messages import Forgotten, Found, Page
from tests.examples.chatroom.helpers import NOON, Person, person
from tests.examples.chatroom.slow_store import SlowStore

Done = Callable[[Answer], None]


class HeldStore(MemoryStore):
    """A store that looks at once, and answers when the test allows it."""

    def __init__(self, kept: int) -> None:
        super().__init__(kept)
        self.held: list[Callable[[], None]] = []

    def page(
        self, room: str, before: int, count: int, done: Done, by: Asker = ANYBODY
    ) -> None:  # fmt: skip
        super().page(room, before, count, self._hold(done), by)

    def search(
        self, room: str, query: str, count: int, done: Done, by: Asker = ANYBODY, before: int = 0
    ) -> None:
        super().search(room, query, count, self._hold(done), by, before)

    def _hold(self, done: Done) -> Done:
        return lambda answer: self.held.append(lambda: done(answer))


def quarrel() -> Person:
    """Return a member that ignores bob, in a room where bob has said much and ann a little."""
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


def test_pages_are_full_of_those_whom_one_hears() -> None:
    reader = quarrel()
    reader.session.page("lobby", 0, NOON)
    (page,) = reader.sees(Page)
    assert (texts(page), page.before, page.more) == (["one", "two"], 0, False)


def test_who_is_ignored_is_not_read_under_a_new_name_either() -> None:
    hall = Hall(Limits(), MemoryStore(100))
    bob, reader = person(hall, "bob"), person(hall, "reader", roaming=True)
    reader.types("/ignore bob")
    bob.types("/nick rob", "hello")
    reader.session.page("lobby", 0, NOON)
    assert [texts(page) for page in reader.sees(Page)] == [[]]


def test_a_look_that_ends_in_vain_says_where_to_go_on() -> None:
    class Vain(MemoryStore):
        def page(self, *question: object, **options: object) -> None:
            done = question[3]
            assert callable(done)
            done(Answer(more=True, next=77))

    reader = person(Hall(Limits(), Vain(0)), "reader", roaming=True)
    reader.session.page("lobby", 0, NOON)
    (page,) = reader.sees(Page)
    assert (page.messages, page.more, page.next) == ((), True, 77)


def test_a_question_comes_after_what_was_said_before_it() -> None:
    store = SlowStore()
    hall = Hall(Limits(), store)
    ann = person(hall, "ann")
    ann.types("hello", "/history")
    assert store.asked == []
    store.answer()
    store.answer()
    store.asked.pop()()
    assert [texts(page) for page in ann.sees(Page)] == [["hello"]]


def test_the_store_knows_who_asks() -> None:
    askers: list[object] = []

    class Curious(MemoryStore):
        def search(self, *question: object, **options: object) -> None:
            askers.append(question[4])

    hall = Hall(Limits(), Curious(0))
    ann = person(hall, "ann", address="192.0.2.7")
    person(hall, "bob")
    ann.types("/ignore bob", "/search words")
    assert askers == [Asker(ann.session._member.place.source, frozenset({"bob"}))]


def test_looking_up_by_typing_is_charged_to_the_address_too() -> None:
    hall = Hall(Limits(address_look_burst=2, flood_burst=100), MemoryStore(9))
    ann, bob = person(hall, "ann"), person(hall, "bob")
    ann.types("/history", "/search words")
    for line in ("/history", "/search words"):
        bob.types(line)
        assert bob.notices()[-1].startswith("Too much is looked up from your address")


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


def test_a_look_under_way_does_not_show_what_was_forgotten_meanwhile() -> None:
    store = HeldStore(100)
    hall = Hall(Limits(history_page=2), store)
    ann, eve = person(hall, "ann", roaming=True), person(hall, "eve")
    eve.session._member.operator = True
    ann.types("one", "two", "three")
    ann.session.page("lobby", 0, NOON)
    ann.session.search("lobby", "two", NOON)
    eve.types("/forget 2")
    assert ann.sees(Forgotten) == [Forgotten(2)]
    for answer in store.held:
        answer()
    assert [texts(page) for page in ann.sees(Page)] == [["three"]]
    assert [texts(found) for found in ann.sees(Found)] == [[]]
    assert [page.more for page in ann.sees(Page)] == [True]


def test_the_page_goes_on_where_all_of_an_answer_was_forgotten() -> None:
    store = HeldStore(100)
    hall = Hall(Limits(history_page=1), store)
    ann, eve = person(hall, "ann", roaming=True), person(hall, "eve")
    eve.session._member.operator = True
    ann.types("one", "two")
    ann.session.page("lobby", 0, NOON)
    eve.types("/forget 2")
    store.held.pop()()
    (page,) = ann.sees(Page)
    assert (page.messages, page.more, page.next) == ((), True, 2)


def test_a_search_goes_on_before_what_was_found_and_counts_all() -> None:
    hall = Hall(Limits(history_page=2), MemoryStore(100))
    ann = person(hall, "ann", roaming=True)
    ann.types("tea 1", "tea 2", "milk", "tea 3")
    ann.session.search("lobby", "tea", NOON)
    (newest,) = ann.sees(Found)
    ann.session.search("lobby", "tea", NOON, newest.messages[0].id)
    _, older = ann.sees(Found)
    assert (texts(newest), newest.more, newest.total) == (["tea 2", "tea 3"], True, 3)
    assert (texts(older), older.more, older.total) == (["tea 1"], False, 3)
