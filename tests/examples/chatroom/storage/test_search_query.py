from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from examples.chatroom.storage.search_query import MOST_WORDS, match_expression, spaced


@pytest.fixture(scope="module")
def texts() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE words USING fts5 (sender, text, spaced)")
    for sender, text in (
        ("Ada", "Hello, world: it is 5 o'clock"),
        ("Bob", "not near the text column"),
        ("Cui", "事件循环 asyncore的用法，事件"),  # noqa: RUF001
        ("Dao", "วันนี้อากาศดี"),
    ):
        connection.execute("INSERT INTO words VALUES (?, ?, ?)", (sender, text, spaced(text)))
    yield connection
    connection.close()


def finds(texts: sqlite3.Connection, typed: str) -> list[int]:
    found = texts.execute("SELECT rowid FROM words WHERE words MATCH ?", (match_expression(typed),))
    return sorted(number for (number,) in found)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("hello", [1]),
        ("HELLO world", [1]),
        ("world hello", [1]),
        ("hello bob", []),
        ("bob near", [2]),
        ("wor", [1]),
        ("wor hello", []),  # only the last word may be cut short
        ("hello !", [1]),
        ("o'clock", [1]),
        ('"hello', [1]),
        ('hel"lo', []),
        ("hello NOT world", []),
        ("text : column", [2]),
        ("text:hello", []),
        ("hello*", [1]),
        ("he\0llo", []),
        ("事件循环", [3]),
        ("循环", [3]),
        ("环循", []),
        ("asyncore的", [3]),
        ("用法 asyncore", [3]),
        ("事件 hello", []),
        ("อากาศ", [4]),
    ],
)
def test_words_are_words_and_nothing_else(
    texts: sqlite3.Connection, typed: str, found: list[int]
) -> None:
    assert finds(texts, typed) == found


@pytest.mark.parametrize("typed", ["", " ", "!", '"', "- * ( )", "\0", "\ud800"])
def test_what_has_no_word_asks_for_nothing(typed: str) -> None:
    assert match_expression(typed) == ""


def test_the_number_of_words_is_bounded() -> None:
    assert match_expression("a " * 1000).count('"a"') == MOST_WORDS


@pytest.mark.parametrize("typed", ["a-b-" * 9, "环" * 18, "a_" * 18, "环 a-" * 9, "\ue000-" * 18])
def test_words_within_a_word_count_too(typed: str) -> None:
    asked = re.sub("[^0-9a-z环\ue000]", " ", match_expression(typed))
    assert len(asked.split()) == MOST_WORDS


@given(st.text() | st.text(alphabet='"*:^(){}+- aNORDTE\0\ud800'))
@example('NEAR("a" "b", 3)')
@example("{sender} : -a + ^b OR")
def test_no_text_is_ever_a_mistake(texts: sqlite3.Connection, typed: str) -> None:
    if match_expression(typed):
        finds(texts, typed)


def test_only_what_needs_it_is_set_apart() -> None:
    assert spaced("hello, world") == spaced("Grüße") == spaced("") == ""
    assert spaced("a循环b").split() == ["a", "循", "环", "b"]
