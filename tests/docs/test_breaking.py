"""What breaks without this line: each change of the book is made, and its test fails."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.book import breaking
from tests.book.breaking import Breakage, breakages
from tests.book.pages import ROOT, blocks

BREAKAGES = breakages()


@pytest.fixture(scope="module")
def outcomes() -> dict[str, tuple[bool, str]]:
    """Make all the changes, two at a time."""
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(BREAKAGES, pool.map(breaking.run, BREAKAGES.values()), strict=True))


@pytest.mark.parametrize("name", BREAKAGES)
def test_it_breaks(name: str, outcomes: dict[str, tuple[bool, str]]) -> None:
    failed, output = outcomes[name]
    assert failed, output


def test_the_pages_say_how_to_do_it_and_what_comes_out() -> None:
    """Behind each change stands the command that makes it, with its output."""
    shown = [b.text for b in blocks(language="console") if "tests.book break" in b.text]
    expected = [
        f"$ python3 -m tests.book break {each.name}\n{breaking.report(each, failed=True)}\n"
        for each in BREAKAGES.values()
    ]
    assert [text for text in shown if text in expected] == expected


def test_names_are_not_used_twice() -> None:
    assert len(BREAKAGES) == len(blocks(kind="breaks"))


def test_a_place_that_is_not_the_only_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file.py").write_text("a = 1\nb = 2\nb = 2\n")
    for old, count in (("b = 2\n", 2), ("c = 3\n", 0)):
        with pytest.raises(ValueError, match=f"found {count} times"):
            breaking.apply(Breakage("name", "test", "file.py", old, ""), tmp_path)
    breaking.apply(Breakage("name", "test", "file.py", "a = 1\n", "a = 2\n"), tmp_path)
    assert (tmp_path / "file.py").read_text() == "a = 2\nb = 2\nb = 2\n"


def test_a_change_that_harms_nothing_does_not_count() -> None:
    test = "tests/test_waker.py::test_wakes_until_it_was_read"
    harmless = Breakage("harmless", test, "miniloop/waker.py", '"""Wake a', '"""Awake a')
    failed, output = breaking.run(harmless)
    assert not failed
    assert "1 passed" in output
    missing = Breakage("missing", f"{test}_not", harmless.file, harmless.old, harmless.new)
    assert not breaking.run(missing)[0]


def test_the_tree_itself_stays_as_it_is() -> None:
    for each in BREAKAGES.values():
        assert (ROOT / each.file).read_text().count(each.old) == 1
