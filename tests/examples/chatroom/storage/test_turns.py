from __future__ import annotations

from dataclasses import dataclass

import pytest

from examples.chatroom.storage.turns import MOST_REMEMBERED, Turns


@dataclass(frozen=True)
class Question:
    source: str
    number: int = 0


def serve(turns: Turns[Question], count: int, seconds: float = 1.0) -> str:
    """Serve so many, each of which takes some seconds; return the first letters of the sources."""
    served = []
    for _ in range(count):
        each = turns.popleft()
        turns.charge(each.source, seconds)
        served.append(each.source[0])
    return "".join(served)


def filled(**counts: int) -> Turns[Question]:
    turns: Turns[Question] = Turns()
    for source, count in counts.items():
        for number in range(count):
            turns.append(Question(source, number))
    return turns


def test_one_source_is_served_in_the_order_of_coming() -> None:
    turns = filled(eve=3)
    assert [turns.popleft().number for _ in range(3)] == [0, 1, 2]
    assert not turns
    with pytest.raises(IndexError):
        turns.popleft()


def test_sources_have_turns_however_much_each_asks() -> None:
    turns = filled(eve=100, ada=2, bob=1)
    assert sorted(serve(turns, 3)) == ["a", "b", "e"]
    assert sorted(serve(turns, 2)) == ["a", "e"]
    assert serve(turns, 3) == "eee"


def test_a_newcomer_waits_for_the_one_that_is_answered_and_no_more() -> None:
    turns = filled(eve=100)
    serve(turns, 50)
    turns.append(Question("ada"))
    assert serve(turns, 2) == "ae"


def test_costly_questions_are_paid_for() -> None:
    turns = filled(eve=10, ada=10)
    first = turns.popleft().source
    other = "ada" if first == "eve" else "eve"
    turns.charge(first, 5.0)
    assert serve(turns, 5) == other[0] * 5


def test_who_asks_one_at_a_time_pays_too() -> None:
    turns = filled(eve=1)
    serve(turns, 1, seconds=2.0)
    turns.append(Question("eve"))
    turns.append(Question("ada"))
    assert serve(turns, 2) == "ae"


def test_nobody_saves_up() -> None:
    turns = filled(ada=1)
    serve(turns, 1)
    for number in range(50):
        turns.append(Question("eve", number))
    serve(turns, 50)
    for number in range(9):
        turns.append(Question("ada", number))
        turns.append(Question("eve", number))
    assert serve(turns, 8).count("a") <= 5


def test_it_knows_how_many_of_a_source_wait() -> None:
    turns = filled(eve=3)
    assert (turns.waiting("eve"), turns.waiting("ada")) == (3, 0)
    turns.clear()
    assert turns.waiting("eve") == 0
    assert not turns


def test_sources_that_ask_no_more_are_forgotten() -> None:
    turns = filled(eve=1)
    for number in range(3 * MOST_REMEMBERED):
        turns.append(Question(f"{number}"))
        turns.charge(turns.popleft().source, 0.1)
    assert len(turns._used) <= MOST_REMEMBERED + 2
