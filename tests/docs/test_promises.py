"""The table of docs/reference/promises.md names every file that holds a promise, and no other."""

import re
from pathlib import Path

from tests.book.pages import DOCS, ROOT

PROMISES = ROOT / "tests" / "integration" / "promises"


def rows() -> list[tuple[str, list[Path]]]:
    """Return each promise with the files that are named for it."""
    text = (DOCS / "reference" / "promises.md").read_text()
    lines = [line for line in text.splitlines() if line.startswith("| ")][1:]
    found = []
    for line in lines:
        promise, tests = line.strip("| ").split(" | ")
        names = re.findall(r"`([\w/]+\.py)`", tests)
        found.append((promise, [ROOT / name if "/" in name else PROMISES / name for name in names]))
    return found


def test_every_file_of_the_table_is_there() -> None:
    named = [(promise, file) for promise, files in rows() for file in files]
    assert len(named) > 20
    assert not [file for _, file in named if not file.is_file()]


def test_every_promise_has_a_file() -> None:
    assert not [promise for promise, files in rows() if not files]


def test_every_file_of_promises_is_in_the_table_once() -> None:
    named = [file for _, files in rows() for file in files]
    assert sorted(file for file in named if file.parent == PROMISES) == sorted(
        PROMISES.glob("test_*.py")
    )


def test_every_test_of_tls_is_in_the_table() -> None:
    named = {file for _, files in rows() for file in files}
    of_the_promise = {*(ROOT / "tests" / "net").glob("test_tls_*.py")} - {
        ROOT / "tests" / "net" / "test_tls_socket.py"  # the module's own
    }
    assert of_the_promise <= named
