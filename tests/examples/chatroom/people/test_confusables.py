from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.chatroom.people import confusables
from examples.chatroom.people.confusables import skeleton

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


MORE = [
    ("paypal", "ρａypal"),  # noqa: RUF001
    ("ae", "æ"),
    ("soo", "ѕ००"),  # noqa: RUF001
    ("d", "ⅾ"),  # noqa: RUF001
    ("w", "ш"),
    ("l", "ӏ"),  # noqa: RUF001
    ("pal", "þal"),
]


@pytest.mark.parametrize(("one", "other"), MORE)
def test_unicodes_table_sees_more(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(other)


@pytest.mark.parametrize(
    ("one", "other"), [("Ann", "Bob"), ("Jurgen", "Jürgen"), ("ian", "lan"), ("ann", "anna")]
)
def test_what_differs_to_the_eye_has_two_skeletons(one: str, other: str) -> None:
    assert skeleton(one) != skeleton(other)


def test_no_character_needs_more_passes_than_there_are() -> None:
    for char in map(chr, range(sys.maxunicode + 1)):
        text, passes = char, 0
        while (after := confusables._replace(text).casefold()) != text:
            text, passes = after, passes + 1
            assert passes < confusables._PASSES, hex(ord(char))


@given(st.text())
def test_the_skeleton_of_a_skeleton_is_itself(text: str) -> None:
    assert skeleton(skeleton(text)) == skeleton(text)
