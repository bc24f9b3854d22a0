"""What breaks without this line: each change of the book is made, and its test fails."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.book import breaking
from tests.book.breaking import Breakage, breakages
from tests.book.pages import ROOT, blocks
from tests.book.symptoms import SYMPTOMS

BREAKAGES = breakages()
REWRITE = "run python3 -m tests.book break --write, and read what it wrote"
SHOWN = {
    block.text.split()[5]: block.text
    for block in blocks(language="console")
    if "tests.book break" in block.text
}


@pytest.fixture(scope="module")
def printed() -> str:
    """Make all the changes with the command that the book names."""
    command = [sys.executable, "-m", "tests.book", "break"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("name", BREAKAGES)
def test_it_breaks(name: str, printed: str) -> None:
    """With the symptom that the page shows, which is another one than that of the right code."""
    command, before, after, verdict = SHOWN[name].splitlines()
    assert command == f"$ python3 -m tests.book break {name}"
    assert f"{name}:\n{before}\n{after}\n{verdict}\n" in printed, f"{printed}\n{REWRITE}"
    assert before.removeprefix("as it is: ") != after.removeprefix("changed:  ")
    assert verdict == f"fails: {BREAKAGES[name].test}"


def test_every_change_is_shown_with_what_comes_out() -> None:
    assert SHOWN.keys() == BREAKAGES.keys() == SYMPTOMS.keys()


def test_what_came_out_is_written_below_its_command() -> None:
    page = "```console\n$ python3 -m tests.book break one\nold\n```\n\n```console\n$ other\n```\n"
    assert breaking.with_reports(page, {"one": "new\nlines"}) == page.replace("old", "new\nlines")
    assert breaking.with_reports(page, {"two": "new"}) == page


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
