from __future__ import annotations

import pytest

from examples.chatroom.hall.holding import MOST_HELD, Answered, Holding, wait_for
from examples.chatroom.people.names import Refused


def test_what_is_answered_at_once_holds_nothing() -> None:
    holding, done = Holding(), list[str]()
    wait_for(holding, lambda answered: answered(None), lambda: done.append("yes"), print)
    assert holding.in_turn(lambda: done.append("next"))
    assert done == ["yes", "next"]
    with pytest.raises(Refused, match="no"):
        wait_for(holding, lambda answered: answered(Refused("no")), lambda: None, print)
    assert not holding.waiting


def test_what_comes_meanwhile_waits_in_its_order() -> None:
    holding, questions, done = Holding(), list[Answered](), list[str]()
    wait_for(holding, questions.append, lambda: done.append("yes"), print)
    for number in range(3):
        assert holding.in_turn(lambda number=number: done.append(str(number)))  # type: ignore[misc]
    assert done == []
    questions[0](None)
    assert done == ["yes", "0", "1", "2"]


def test_a_held_action_that_asks_itself_holds_the_rest() -> None:
    holding, questions, done = Holding(), list[Answered](), list[str]()
    wait_for(holding, questions.append, lambda: done.append("one"), print)
    holding.in_turn(lambda: wait_for(holding, questions.append, lambda: done.append("two"), print))
    holding.in_turn(lambda: done.append("three"))
    questions[0](None)
    assert done == ["one"]
    questions[1](None)
    assert done == ["one", "two", "three"]


def test_a_second_question_within_the_answer_goes_on_waiting() -> None:
    holding, questions, done = Holding(), list[Answered](), list[str]()
    wait_for(
        holding,
        questions.append,
        lambda: wait_for(holding, questions.append, lambda: done.append("in"), print),
        print,
    )
    holding.in_turn(lambda: done.append("held"))
    questions[0](None)
    assert done == []
    questions[1](None)
    assert done == ["in", "held"]


def test_a_no_that_comes_later_is_told_and_the_rest_goes_on() -> None:
    holding, questions = Holding(), list[Answered]()
    told, done = list[Refused](), list[str]()
    wait_for(holding, questions.append, lambda: done.append("never"), told.append)
    holding.in_turn(lambda: done.append("next"))
    questions[0](Refused("no"))
    questions[0](None)  # a second answer is ignored
    assert [str(each) for each in told] == ["no"]
    assert done == ["next"]


def test_it_is_bounded() -> None:
    holding, questions = Holding(), list[Answered]()
    wait_for(holding, questions.append, lambda: None, print)
    taken = [holding.in_turn(lambda: None) for _ in range(MOST_HELD + 1)]
    assert taken == [True] * MOST_HELD + [False]
