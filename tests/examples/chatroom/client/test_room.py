from __future__ import annotations

import random

import pytest

from examples.chatroom.client import room as module
from examples.chatroom.client.room import Room, Row


def said(number: int, at: float = 0.0) -> Row:
    return Row("said", f"line {number}", "ann", id=number, at=at or float(number))


def rows(first: int, last: int) -> list[Row]:
    return [said(number) for number in range(first, last + 1)]


def ids(room: Room) -> list[int]:
    return [row.id for row in room.rows]


def entered(first: int, last: int) -> Room:
    room = Room("lobby")
    assert room.catch_up(rows(first, last), more=first > 1) == 0
    return room


def test_a_row_that_is_held_is_not_added_again() -> None:
    room = entered(1, 3)
    assert not room.add(said(2))
    assert room.add(said(4))
    assert room.add(Row("notice", "no id"))
    assert room.add(Row("notice", "no id"))
    assert ids(room) == [1, 2, 3, 4, 0, 0]


def test_a_short_gap_is_closed_by_what_comes_with_the_room() -> None:
    room = entered(1, 5)
    room.add(Row("notice", "The connection is lost."))
    assert room.catch_up(rows(4, 8), more=True) == 0
    assert ids(room) == [1, 2, 3, 4, 5, 0, 6, 7, 8]


def test_a_long_gap_is_closed_page_by_page_in_order_and_without_doubles() -> None:
    room = entered(1, 5)
    room.add(Row("notice", "The connection is lost."))
    before = room.catch_up(rows(96, 100), more=True)
    room.add(said(101))  # a new message meanwhile
    while before:
        first = max(1, before - 10)
        before = room.add_page(before, rows(first, before - 1), more=first > 1)
    assert [number for number in ids(room) if number] == list(range(1, 102))


def test_a_gap_that_is_too_long_lets_the_older_part_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GAP_PAGES", 3)
    room = entered(1, 5)
    before = room.catch_up(rows(996, 1000), more=True)
    while before:
        before = room.add_page(before, rows(before - 10, before - 1), more=True)
    assert ids(room) == list(range(966, 1001))
    assert room.more
    assert room.back_id == 966


def test_scrolling_back_goes_on_before_the_first_row() -> None:
    room = entered(50, 60)
    assert (room.more, room.back_id) == (True, 50)
    room.loading = True
    assert room.add_page(50, rows(40, 49), more=True) == 0
    assert (ids(room), room.loading) == (list(range(40, 61)), False)
    assert room.back_id == 40
    room.add_page(40, [], more=True, next_id=20)  # all from ignored people
    assert (room.more, room.back_id) == (True, 20)
    room.add_page(20, rows(1, 19), more=False)
    assert (room.more, ids(room)[0]) == (False, 1)


def test_a_server_that_forgot_its_history_numbers_from_one_again() -> None:
    room = entered(1, 3)
    assert room.catch_up([said(1, at=99.0)], more=False) == 0
    assert [(row.id, row.at) for row in room.rows] == [(0, 1.0), (0, 2.0), (0, 3.0), (1, 99.0)]


def test_a_row_that_is_forgotten_goes() -> None:
    room = entered(1, 3)
    room.forget(2)
    room.forget(77)
    assert ids(room) == [1, 3]


def test_what_is_held_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ROWS", 20)
    monkeypatch.setattr(module, "SLACK", 5)
    monkeypatch.setattr(module, "MOST_PEOPLE", 3)
    room = entered(1, 100)
    for number in range(100):
        room.greet(f"person {number}", operator=False)
    assert len(room.rows) <= 25
    assert ids(room)[-1] == 100
    assert (room.more, room.back_id) == (True, ids(room)[0])
    assert len(room.people) == 3


@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_order_of_arrival_rows_are_in_order(seed: int) -> None:
    chance = random.Random(seed)
    numbers = list(range(1, 40))
    chance.shuffle(numbers)
    room = Room("lobby")
    for number in numbers:
        room.add(said(number))
        room.add(said(chance.choice(numbers[: numbers.index(number) + 1])))
    assert ids(room) == list(range(1, 40))
