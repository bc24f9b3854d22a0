"""What breaks without this line: the changes that the pages propose.

``workshop.py`` makes them in a copy of the tree and runs the test.  In a page, each has a name and
the test that has to fail:

    <!-- breaks: NAME tests/system/test_waker.py::test_wake_up_while_reading_is_not_the_last_one -->
    ```diff
    --- miniloop/system/waker.py
    -        self._pending = False
    ```

Lines with a minus go, those with a plus come, the others are there to find the place, which must
be the only one of its kind.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from tests.book.pages import Block, blocks


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


def report(breakage: Breakage, outcome: "tuple[str, str, bool]") -> str:
    """Return what the pages show: the symptom as it is and changed, and the test."""
    before, after, failed = outcome
    verdict = "fails" if failed else "DOES NOT FAIL"
    return f"as it is: {before}\nchanged:  {after}\n{verdict}: {breakage.test}"


def with_reports(text: str, reports: "dict[str, str]") -> str:
    """Return a page's text with what came out below each command, by the changes' names."""

    def fill(match: re.Match[str]) -> str:
        report = reports.get(match["name"])
        return match[0] if report is None else f"{match['command']}{report}\n```"

    return _SHOWN.sub(fill, text)


_SHOWN = re.compile(
    r"(?P<command>^\$ python3 -m tests\.book break (?P<name>[\w-]+)\n)(?:(?!```).*\n)*```",
    re.MULTILINE,
)
