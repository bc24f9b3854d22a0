from __future__ import annotations

import random

import pytest

pytest.importorskip("prompt_toolkit", reason="the client's screen needs prompt_toolkit")

from examples.chatroom.client.room import Room, Row
from examples.chatroom.client.view import View, ViewControl

WIDTH, HEIGHT = 20, 5


def view_of(*texts: str) -> tuple[Room, View]:
    room = Room("lobby")
    for number, text in enumerate(texts, 1):
        room.add(Row("text", text, id=number))
    view = View(lambda: room, lambda: "ann")
    view.lines(WIDTH, HEIGHT)
    return room, view


def seen(view: View, width: int = WIDTH, height: int = HEIGHT) -> list[str]:
    return ["".join(text for _, text in line).strip() for line in view.lines(width, height)]


NUMBERS = [str(number) for number in range(20)]
LONG = "aaaaaaaaaaaaaaa bbbbbbbbbbbbbbb ccccccccccccccc"  # three rows


def test_the_end_is_followed() -> None:
    room, view = view_of(*NUMBERS)
    assert seen(view) == NUMBERS[-5:]
    room.add(Row("text", "new"))
    assert seen(view) == [*NUMBERS[-4:], "new"]


def test_what_is_read_stays_while_lines_arrive() -> None:
    room, view = view_of(*NUMBERS)
    assert view.scroll(4)
    assert seen(view) == NUMBERS[-9:-4]
    room.add(Row("text", "new"))
    assert seen(view) == NUMBERS[-9:-4]
    assert view.below() == 5
    assert view.scroll(-4)
    assert seen(view) == NUMBERS[-5:]
    view.scroll(-4)
    assert (seen(view)[-1], view.place) == ("new", None)


def test_older_rows_put_before_move_nothing() -> None:
    room = Room("lobby")
    for number in range(100, 120):
        room.add(Row("text", str(number), id=number))
    view = View(lambda: room, lambda: "ann")
    view.lines(WIDTH, HEIGHT)
    assert not view.scroll(100)
    before = seen(view)
    assert before == ["100", "101", "102", "103", "104"]
    room.add_page(
        100, [Row("text", str(number), id=number) for number in range(50, 100)], more=True
    )
    assert seen(view) == before
    assert view.scroll(4)
    assert seen(view) == ["96", "97", "98", "99", "100"]


def test_rows_of_many_lines_are_scrolled_line_by_line() -> None:
    _, view = view_of(*NUMBERS[:4], LONG, LONG)
    assert seen(view)[0] == "b" * 15
    assert view.scroll(1)
    assert seen(view)[-1] == "b" * 15
    assert seen(view, 60, 3) == ["3", LONG, LONG]  # wider now: the row that was read is there


def test_what_fits_cannot_be_scrolled() -> None:
    _, view = view_of("a", "b")
    assert not view.scroll(4)
    assert seen(view) == ["a", "b"]
    _, empty = view_of()
    assert not empty.scroll(4)
    assert seen(empty) == []


def test_each_room_has_a_place_of_its_own() -> None:
    rooms = [view_of(*NUMBERS)[0], view_of(*NUMBERS)[0]]
    at = 0
    view = View(lambda: rooms[at], lambda: "ann")
    view.lines(WIDTH, HEIGHT)
    view.scroll(4)
    at = 1
    assert seen(view) == NUMBERS[-5:]
    at = 0
    assert seen(view) == NUMBERS[-9:-4]
    view.follow()
    assert seen(view) == NUMBERS[-5:]


def test_a_row_that_is_forgotten_while_it_is_read_leads_to_the_end() -> None:
    room, view = view_of(*NUMBERS)
    view.scroll(4)
    assert view.place is not None
    room.forget(view.place.row.id)
    assert seen(view)[-1] == "19"


def test_the_lines_are_at_the_lower_end_of_the_window() -> None:
    _, view = view_of("a", "b")
    content = ViewControl(view).create_content(WIDTH, HEIGHT)
    assert content.line_count == HEIGHT
    assert [content.get_line(at) for at in range(3)] == [[], [], []]
    assert content.get_line(4) == [("", "b")]


@pytest.mark.parametrize("seed", range(10))
def test_however_one_scrolls_the_window_shows_neighbouring_lines(seed: int) -> None:
    chance = random.Random(seed)
    room, view = view_of(*(chance.choice([LONG, "x", "y z"]) + f" {n}" for n in range(30)))
    everything = seen(View(lambda: room, lambda: "ann"), WIDTH, 1000)
    for _ in range(100):
        view.scroll(chance.randint(-12, 12))
        window = seen(view)
        assert len(window) == HEIGHT
        assert any(everything[at : at + HEIGHT] == window for at in range(len(everything)))
