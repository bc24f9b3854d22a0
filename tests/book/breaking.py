"""What breaks without this line: make a change in a copy of the tree, and see the test fail.

In a page it is a block of this kind, with a name for it and the test that has to fail:

    <!-- breaks: mark-first tests/test_waker.py::test_wake_up_while_reading -->
    ```diff
    --- miniloop/waker.py
    -        self._pending = False
    ```

Lines with a minus go, those with a plus come, the others are there to find the place, which must
be the only one of its kind.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.book.pages import ROOT, Block, blocks

PARTS = ("miniloop", "examples", "tests")
LONGEST = 120.0
"""Seconds for one test in a changed copy; a healthy one needs one."""


@dataclass(frozen=True)
class Breakage:
    """One change and the test that notices it."""

    name: str
    test: str
    file: str
    old: str
    new: str


def breakages() -> dict[str, Breakage]:
    """Return what the pages propose, by name."""
    return {block.args[0]: parse(block) for block in blocks(kind="breaks")}


def parse(block: Block) -> Breakage:
    name, test = block.args
    head, *lines = block.text.splitlines(True)
    old = "".join(line[1:] for line in lines if line[0] in " -")
    new = "".join(line[1:] for line in lines if line[0] in " +")
    return Breakage(name, test, head.removeprefix("--- ").strip(), old, new)


def apply(breakage: Breakage, root: Path) -> None:
    """Make the change.

    Raises:
        ValueError: the place is not there, or not the only one.
    """
    path = root / breakage.file
    text = path.read_text()
    count = text.count(breakage.old)
    if count != 1:
        raise ValueError(f"{breakage.name}: found {count} times in {breakage.file}, not once")
    path.write_text(text.replace(breakage.old, breakage.new))


@contextmanager
def changed_copy(breakage: Breakage) -> Iterator[Path]:
    """A copy of the tree with the change in it."""
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        for part in PARTS:
            shutil.copytree(ROOT / part, root / part)
        shutil.copy(ROOT / "pyproject.toml", root)
        apply(breakage, root)
        yield root


def run(breakage: Breakage) -> tuple[bool, str]:
    """Run the test in a changed copy; return whether it failed, as it should, and its output.

    A test that does not end in time, or cannot even be collected, shows nothing.
    """
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", breakage.test]
    with changed_copy(breakage) as root:
        environment = {**os.environ, "PYTHONPATH": str(root), "COVERAGE_PROCESS_START": ""}
        try:
            done = subprocess.run(
                command, cwd=root, env=environment, stdin=subprocess.DEVNULL, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LONGEST, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return False, f"{breakage.test} did not end within {LONGEST:g} seconds"
    return done.returncode == 1, done.stdout


def report(breakage: Breakage, failed: bool) -> str:
    """Return the line that the pages show."""
    if failed:
        return f"{breakage.file} changed in a copy: {breakage.test} fails"
    return f"{breakage.file} changed in a copy, and {breakage.test} does NOT fail"
