"""The tables of docs/reference/which-method-when.md."""

import re
from dataclasses import dataclass

from tests.book.pages import DOCS

PAGE = DOCS / "reference" / "which-method-when.md"


@dataclass(frozen=True)
class Row:
    """One row: what happens, the method with its arguments, and what it does."""

    event: str
    method: str
    default: str
    usually: str


def rows(title: str) -> list[list[str]]:
    """Return the cells of the table under this heading, without its head."""
    text = PAGE.read_text().split(f"\n## {title}\n")[1].split("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def section(title: str) -> dict[str, Row]:
    """Return the rows of a table by the name of the method."""
    found = {}
    for event, method, *rest in rows(title):
        match = re.fullmatch(r"`(\w+)\([\w, ]*\)`", method)
        assert match is not None, method
        found[match[1]] = Row(event, method, *(*rest, "")[:2])
    return found


def sequences() -> dict[str, list[str]]:
    """Return what is called in which order, by what happens."""
    return {event: re.findall(r"`(\w+)\(\)`", calls) for event, calls in rows("In which order")}
