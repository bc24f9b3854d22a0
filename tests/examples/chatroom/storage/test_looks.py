"""Queries are bounded, take turns, and do not let the log grow."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from examples.chatroom.hall.history import Answer, Asker, Written
from examples.chatroom.storage import history_file, looks
from examples.chatroom.storage.looks import MOST_OF_ONE, MOST_WAITING
from tests.driving import run_until
from tests.examples.chatroom.storage.diaries import OK, Diary, add, busy, ids


def test_questions_are_bounded_and_writes_are_not_refused(diary: Diary) -> None:
    answers: list[Answer] = []
    written: list[Written] = []
    with busy(diary.store._looks):
        for number in range(MOST_WAITING + 1):
            diary.store.page("lobby", 0, 1, answers.append, Asker(f"{number % 100}"))
        assert [answer.problem for answer in answers] == [
            "too many look into it at once; try again"
        ]
        diary.store.write([add(1)], written.append)
    run_until(diary.loop, lambda: written and len(answers) == MOST_WAITING + 1)
    assert written == [OK]


def test_one_source_does_not_take_the_places_of_all(diary: Diary) -> None:
    order: list[str] = []
    with busy(diary.store._looks):
        for _ in range(MOST_OF_ONE + 5):
            diary.store.search("lobby", "x", 1, lambda _: order.append("eve"), Asker("eve"))
        assert order == ["eve"] * 5
        diary.store.page("lobby", 0, 1, lambda _: order.append("ada"), Asker("ada"))
    run_until(diary.loop, lambda: len(order) == MOST_OF_ONE + 6)
    assert "ada" in order[5:8]  # behind the running query


def test_the_log_does_not_grow_while_somebody_looks_all_the_time(
    diary: Diary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_file, "LONGEST_LOG", 200_000)
    diary.store._connection.execute("PRAGMA wal_autocheckpoint = 0")  # as when looks are in the way
    log = Path(f"{diary.path}-wal")
    longest = 0
    for number in range(1, 40):
        diary.write(*(add(100 * number + each, "word " * 100) for each in range(20)))
        longest = max(longest, log.stat().st_size)
        diary.search("word", count=2)
    assert 200_000 < longest < 500_000
    assert len(diary.page(count=9999).messages) == 39 * 20


def test_a_log_that_cannot_be_shortened_spoils_no_answer(
    diary: Diary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_file, "LONGEST_LOG", 0)
    diary.write(add(1))
    other = sqlite3.connect(diary.path, isolation_level=None)
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM messages").fetchall()
    diary.write(add(2))
    assert ids(diary.page().messages) == [1, 2]
    assert diary.write(add(3)) == OK
    other.close()
    assert ids(diary.page().messages) == [1, 2, 3]
    assert Path(f"{diary.path}-wal").stat().st_size == 0


def test_a_long_search_holds_up_no_message(diary: Diary) -> None:
    order: list[str] = []
    with busy(diary.store._looks):
        diary.store.search("lobby", "word", 1, lambda answer: order.append("search"))
        diary.store.write([add(1)], lambda written: order.append("write"))
        run_until(diary.loop, lambda: order)
    run_until(diary.loop, lambda: len(order) == 2)
    assert order == ["write", "search"]


def test_a_search_that_takes_too_long_is_given_up(
    diary: Diary, monkeypatch: pytest.MonkeyPatch
) -> None:
    diary.write(*(add(number, f"word {number}") for number in range(1, 2000)))
    monkeypatch.setattr(looks, "LONGEST_LOOK", -1.0)
    monkeypatch.setattr(looks, "LOOK_EVERY", 10)
    assert diary.search("word", count=2000).problem == "it took too long"
    monkeypatch.setattr(looks, "LONGEST_LOOK", 20.0)
    assert len(diary.search("word", count=5).messages) == 5
