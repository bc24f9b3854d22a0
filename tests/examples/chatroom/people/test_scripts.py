from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.chatroom.people.scripts import clashing, script

GOOD = ["", "Ann-7", "Олег_2", "Νίκος", "山田タロうX", "漢ㄅx", "金김Kim", "नमस्तेabc", "a1٣"]
DOUBLES = [("Аda", ("CYRILLIC", "LATIN")), ("Nίκος", ("GREEK", "LATIN"))]  # noqa: RUF001


@pytest.mark.parametrize("text", GOOD)
def test_scripts_that_belong_together(text: str) -> None:
    assert clashing(text) == ()


@pytest.mark.parametrize(("text", "found"), DOUBLES)
def test_latin_and_its_doubles_clash(text: str, found: tuple[str, ...]) -> None:
    assert clashing(text) == found


@pytest.mark.parametrize("text", ["aᎪ", "ひ김", "αж", "עع", "aעع"])  # noqa: RUF001
def test_others_that_do_not_belong_together(text: str) -> None:
    assert len(clashing(text)) > 1


def test_a_character_that_has_no_script() -> None:
    assert script("\U0010ffff") == "UNKNOWN"
    assert script("\u0378") == "UNKNOWN"


@given(st.text())
def test_any_text_has_an_answer(text: str) -> None:
    assert len(clashing(text)) != 1
