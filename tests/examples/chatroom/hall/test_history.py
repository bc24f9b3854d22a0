from __future__ import annotations

from examples.chatroom.hall.history import (
    AddMessage,
    Answer,
    ForgetRoom,
    MemoryStore,
    SaveRoom,
    Written,
)
from examples.chatroom.hall.messages import Kind, Message


def filled(kept: int, said: int) -> MemoryStore:
    store = MemoryStore(kept)
    for number in range(1, said + 1):
        message = Message(Kind.SAID, f"number {number}", id=number)
        store.write([AddMessage("lobby", message)], lambda _: None)
    return store


def page(store: MemoryStore, count: int, before: int = 0, room: str = "lobby") -> Answer:
    answers: list[Answer] = []
    store.page(room, before, count, answers.append)
    return answers[0]


def search(store: MemoryStore, query: str, count: int = 10) -> Answer:
    answers: list[Answer] = []
    store.search("lobby", query, count, answers.append)
    return answers[0]


def ids(answer: Answer) -> list[int]:
    return [message.id for message in answer.messages]


def test_the_newest_come_back_oldest_first() -> None:
    answer = page(filled(kept=10, said=5), 3)
    assert (ids(answer), answer.more) == ([3, 4, 5], True)


def test_going_back_page_by_page_meets_each_once() -> None:
    store = filled(kept=10, said=5)
    answer = page(store, 2, before=4)
    assert (ids(answer), answer.more) == ([2, 3], True)
    answer = page(store, 2, before=2)
    assert (ids(answer), answer.more) == ([1], False)
    assert ids(page(store, 2, before=1)) == []


def test_no_more_is_kept_than_allowed() -> None:
    assert ids(page(filled(kept=2, said=5), 99)) == [4, 5]
    assert ids(page(filled(kept=0, said=5), 99)) == []


def test_none_asked_for_is_none_given() -> None:
    assert ids(page(filled(kept=10, said=5), 0)) == []


def test_rooms_are_apart_and_can_be_forgotten() -> None:
    store = filled(kept=10, said=1)
    assert ids(page(store, 9, room="attic")) == []
    written: list[Written] = []
    store.write([ForgetRoom("lobby"), ForgetRoom("attic"), SaveRoom("a", "a")], written.append)
    assert ids(page(store, 9)) == []
    assert written == [Written()]


def test_a_search_finds_what_has_all_the_words() -> None:
    store = filled(kept=100, said=12)
    assert ids(search(store, "NUMBER 12")) == [12]
    assert ids(search(store, "1 number")) == [1, 10, 11, 12]
    answer = search(store, "1", count=2)
    assert (ids(answer), answer.more) == ([11, 12], True)
    assert ids(search(store, "  ")) == ids(search(store, "number nothing")) == []
