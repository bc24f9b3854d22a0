"""What breaks without this line: each change of the book is made, and its test fails."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.book import breaking
from tests.book.breaking import Breakage, breakages
from tests.book.pages import ROOT, blocks

BREAKAGES = breakages()


@pytest.fixture(scope="module")
def printed() -> str:
    """Make all the changes with the command that the book names."""
    command = [sys.executable, "-m", "tests.book", "break"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("name", BREAKAGES)
def test_it_breaks(name: str, printed: str) -> None:
    assert breaking.report(BREAKAGES[name], failed=True) in printed, printed


def test_the_pages_say_how_to_do_it_and_what_comes_out() -> None:
    """Behind each change stands the command that makes it, with its output."""
    shown = [b.text for b in blocks(language="console") if "tests.book break" in b.text]
    expected = [
        f"$ python3 -m tests.book break {each.name}\n{breaking.report(each, failed=True)}\n"
        for each in BREAKAGES.values()
    ]
    assert set(shown) == set(expected)


def test_names_are_not_used_twice() -> None:
    assert len(BREAKAGES) == len(blocks(kind="breaks"))


def test_a_place_that_is_not_the_only_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file.py").write_text("a = 1\nb = 2\nb = 2\n")
    for old, count in (("b = 2\n", 2), ("c = 3\n", 0)):
        with pytest.raises(ValueError, match=f"found {count} times"):
            breaking.apply(Breakage("name", "test", "file.py", old, ""), tmp_path)
    breaking.apply(Breakage("name", "test", "file.py", "a = 1\n", "a = 2\n"), tmp_path)
    assert (tmp_path / "file.py").read_text() == "a = 2\nb = 2\nb = 2\n"


PROGRAM = """
from tests.book.breaking import Breakage
from tests.book.workshop import outcomes

test = "tests/system/test_waker.py::test_wakes_until_it_was_read"
place = "miniloop/system/waker.py", "import logging"
for outcome in outcomes([
    Breakage("harmless", test, *place, "import logging  # and no more"),
    Breakage("missing", test + "_not", *place, "import logging  # and no more"),
    Breakage("broken", test, *place, "import nothing_of_that_name"),
]):
    print(outcome.breakage.name, outcome.failed, "1 passed" in outcome.output)
"""


def test_a_change_that_harms_nothing_does_not_count() -> None:
    """Nor does one after which no test runs at all."""
    command = [sys.executable, "-c", PROGRAM]
    buffered = {name: os.environ[name] for name in os.environ if name != "PYTHONUNBUFFERED"}
    done = subprocess.run(
        command, cwd=ROOT, env=buffered, capture_output=True, text=True, check=False
    )
    outcomes = ["broken False False", "harmless False True", "missing False False"]
    assert sorted(done.stdout.splitlines()) == outcomes, done.stderr


def test_the_tree_itself_stays_as_it_is() -> None:
    for each in BREAKAGES.values():
        assert (ROOT / each.file).read_text().count(each.old) == 1
