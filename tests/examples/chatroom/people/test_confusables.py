from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.chatroom.people import confusables, unicode_data
from examples.chatroom.people.confusables import complete, skeleton

needs_table = pytest.mark.skipif(not complete(), reason="confusable-homoglyphs is not installed")


def forget() -> None:
    confusables._prototypes.cache_clear()
    skeleton.cache_clear()


@pytest.fixture
def no_table(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(unicode_data, "PACKAGE", "no_such_package_at_all")
    forget()
    yield
    monkeypatch.undo()
    forget()


ALIKE = [
    ("Ada", "Аda"),  # noqa: RUF001
    ("Ada", "Αda"),  # noqa: RUF001
    ("cop", "сор"),  # noqa: RUF001
    ("Otto", "0tto"),
    ("lan", "Ian"),
    ("lan", "1an"),
    ("IAN", "lan"),
    ("modern", "rnodern"),
    ("a\u200db", "ab"),
    ("a\ufe0fb", "ab"),
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_what_looks_alike_has_one_skeleton(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(other)


@pytest.mark.usefixtures("no_table")
@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_the_common_doubles_are_seen_without_the_table(one: str, other: str) -> None:
    assert not complete()
    assert skeleton(one) == skeleton(other)


@needs_table
@pytest.mark.parametrize(
    ("one", "other"),
    [("paypal", "ρａypal"), ("ae", "æ"), ("soo", "ѕ००"), ("d", "ⅾ")],  # noqa: RUF001
)
def test_unicodes_table_sees_more(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(other)


@pytest.mark.parametrize(
    ("one", "other"), [("Ann", "Bob"), ("Jurgen", "Jürgen"), ("ian", "lan"), ("ann", "anna")]
)
def test_what_differs_to_the_eye_has_two_skeletons(one: str, other: str) -> None:
    assert skeleton(one) != skeleton(other)


def test_a_pair_without_direction_has_the_lower_character_for_its_prototype() -> None:
    table = confusables._directed({"é": [{"c": "¿"}], "¿": [{"c": "é"}], "b": [{"c": "a"}],
                                   "a": [{"c": "b"}]})  # fmt: skip
    assert table["b"] == "a"
    assert "a" not in table
    assert table["¿"] == "e\u0301"


@pytest.mark.parametrize("with_table", [True, False])
def test_no_character_needs_more_passes_than_there_are(
    with_table: bool, request: pytest.FixtureRequest
) -> None:
    if not with_table:
        request.getfixturevalue("no_table")
    for char in map(chr, range(sys.maxunicode + 1)):
        text, passes = char, 0
        while (after := confusables._replace(text).casefold()) != text:
            text, passes = after, passes + 1
            assert passes < confusables._PASSES, hex(ord(char))


@given(st.text())
def test_the_skeleton_of_a_skeleton_is_itself(text: str) -> None:
    assert skeleton(skeleton(text)) == skeleton(text)
