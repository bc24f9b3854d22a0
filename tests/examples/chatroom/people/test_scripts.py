from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.chatroom.people import scripts, unicode_data
from examples.chatroom.people.scripts import clashing, complete, script

needs_table = pytest.mark.skipif(not complete(), reason="confusable-homoglyphs is not installed")


@pytest.fixture
def no_table(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(unicode_data, "PACKAGE", "no_such_package_at_all")
    scripts._table.cache_clear()
    yield
    monkeypatch.undo()
    scripts._table.cache_clear()


GOOD = ["", "Ann-7", "Олег_2", "Νίκος", "山田タロうX", "漢ㄅx", "金김Kim", "नमस्तेabc", "a1٣"]
DOUBLES = [("Аda", ("CYRILLIC", "LATIN")), ("Nίκος", ("GREEK", "LATIN"))]  # noqa: RUF001


@pytest.mark.parametrize("text", GOOD)
def test_scripts_that_belong_together(text: str) -> None:
    assert clashing(text) == ()


@pytest.mark.parametrize(("text", "found"), DOUBLES)
def test_latin_and_its_doubles_clash(text: str, found: tuple[str, ...]) -> None:
    assert clashing(text) == found


@needs_table
@pytest.mark.parametrize("text", ["aᎪ", "ひ김", "αж", "עع", "aעع"])  # noqa: RUF001
def test_others_that_do_not_belong_together(text: str) -> None:
    assert len(clashing(text)) > 1


@needs_table
def test_a_character_that_has_no_script() -> None:
    assert script("\U0010ffff") == "UNKNOWN"
    assert script("\u0378") == "UNKNOWN"


@pytest.mark.usefixtures("no_table")
def test_without_the_table_the_doubles_are_still_told_apart() -> None:
    assert not complete()
    assert [clashing(text) for text in GOOD] == [()] * len(GOOD)
    assert [clashing(text) for text, _ in DOUBLES] == [found for _, found in DOUBLES]
    assert clashing("aᎪ") == ()  # noqa: RUF001


@given(st.text())
def test_any_text_has_an_answer(text: str) -> None:
    assert len(clashing(text)) != 1
