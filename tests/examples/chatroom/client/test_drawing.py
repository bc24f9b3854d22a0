from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("prompt_toolkit", reason="the client's screen needs prompt_toolkit")

from examples.chatroom.client.drawing import (
    INDENT,
    NARROWEST,
    Line,
    certain,
    draw,
    fitted,
    width_of,
    wrapped,
)
from examples.chatroom.client.palette import colour_of
from examples.chatroom.client.room import Row
from examples.chatroom.people.text import clean


def text_of(line: Line) -> str:
    return "".join(text for _, text in line)


def drawn(kind: str, text: str = "hi", **more: object) -> str:
    return text_of(draw(Row(kind, text, "ann", **more), "bob"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "looks"),
    [
        ("said", "ann: hi"),
        ("acted", "* ann hi"),
        ("joined", "-- ann came in."),
        ("left", "-- ann left: hi."),
        ("renamed", "-- ann is now called hi."),
        ("topic", "-- ann set the topic: hi"),
        ("operator", "-- ann is an operator now."),
        ("locked", "-- ann closed the room with a key."),
        ("unlocked", "-- ann opened the room to all."),
        ("notice", "-- hi"),
        ("text", "hi"),
    ],
)
def test_how_each_kind_looks(kind: str, looks: str) -> None:
    assert drawn(kind) == looks


def test_what_was_said_cannot_change_the_sentence_around_it() -> None:
    assert (
        drawn("left", "{sender} {0} {text.__class__}")
        == "-- ann left: {sender} {0} {text.__class__}."
    )


def test_private_lines_past_ones_and_those_that_are_not_stored() -> None:
    assert drawn("whispered", recipient="bob") == "ann to bob alone: hi"
    assert drawn("found said", label="[7] ") == "[7] ann: hi"
    assert drawn("said", kept=False) == "ann: hi (not stored)"


def test_a_name_has_its_colour_and_a_mention_its_mark() -> None:
    line = draw(Row("said", "hi Bob, bobby", "ann", mention=True), "bob")
    assert (f"class:name {colour_of('ann')}", "ann") in line
    assert [text for style, text in line if style == "class:mention"] == ["Bob"]


@pytest.mark.parametrize(
    ("text", "width"),
    [("abc", 3), ("漢字", 4), ("🎉", 2), ("e\u0301", 1), ("שלום", 4), ("👩\u200d👩\u200d👧", 6),
     ("❤\ufe0f", 1), ("👍\U0001f3fd", 2), ("\u200c", 0)],
)  # fmt: skip
def test_every_character_has_one_width(text: str, width: int) -> None:
    assert width_of(certain(text)) == width


def test_no_character_carries_a_tower_of_marks() -> None:
    tower = "o" + "\u0301" * 400
    assert certain(f"a{tower}b{tower}") == f"a{tower[:7]}b{tower[:7]}"
    assert certain("\u05e9\u05c1\u05b8\u0591") == "\u05e9\u05c1\u05b8\u0591"


def test_persian_keeps_its_joiners() -> None:
    text = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \u0646\u200d"
    assert certain(text) == text


STRANGE = st.text(st.sampled_from("ab  \u0301漢🎉ש\u200d\ufe0f👩👍\U0001f3fd-"), max_size=120)


@given(STRANGE, st.integers(1, 50))
def test_rows_fit_and_nothing_is_lost(text: str, columns: int) -> None:
    shown = certain(clean(text))
    rows = wrapped([("", shown[:9]), ("bold", shown[9:])], columns)
    assert all(width_of(text_of(row)) <= max(columns, NARROWEST) for row in rows)
    assert all(text_of(row).startswith(INDENT) for row in rows[1:])
    assert "".join(map(text_of, rows)).replace(" ", "") == shown.replace(" ", "")


def test_rows_are_cut_between_words() -> None:
    rows = wrapped([("", "one two three four five six")], 14)
    assert list(map(text_of, rows)) == ["one two three ", "    four five ", "    six"]


def test_a_text_is_fitted_by_columns() -> None:
    assert fitted("漢字漢字", 5) == "漢字"
    assert fitted("abc", 5) == "abc"
