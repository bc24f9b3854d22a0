"""The book as a whole: its questions have answers, its words are explained, its markers placed."""

import re
from pathlib import Path

import pytest

from tests.book.pages import DOCS

INSIDE = DOCS / "inside"
GLOSSARY = DOCS / "reference" / "glossary.md"
LINK = re.compile(r"\[[^\]]+\]\(([^)#\s]*)#([^)\s]+)\)")
WORDS = {"channel", "registration", "interest", "dirty", "handler", "callback", "pass", "hall",
         "door", "seat"}  # fmt: skip
LINKED = WORDS - {"hall", "door", "seat"}
"""Those of the chat room occur in no chapter."""
SCENES = {
    "01-echo", "02-one-pass", "02-wait-zero", "03-dirty", "04-error", "04-hangup", "05-came-back",
    "06-timers", "07-waker", "08-terminator", "09-backpressure", "10-watch", "11-emfile", "12-end",
    "13-tls",
}  # fmt: skip


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as forges and the site make them."""
    headings = re.findall(r"(?m)^#{1,4} (.+)$", page.read_text())
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in headings}


def links(page: Path) -> list[tuple[Path, str]]:
    """Return the links of a page that have an anchor: the page that is meant, and the anchor."""
    found = LINK.findall(page.read_text())
    return [(page.parent / path if path else page, anchor) for path, anchor in found
            if not path.startswith("http")]  # fmt: skip


@pytest.mark.parametrize(
    "page", [*sorted(INSIDE.glob("*.md")), GLOSSARY], ids=lambda page: page.stem
)
def test_each_link_into_a_page_leads_to_a_heading(page: Path) -> None:
    for target, anchor in links(page):
        assert anchor in anchors(target), f"{target.name} has no heading #{anchor}"


def test_the_twelve_questions_have_their_places() -> None:
    table = (INSIDE / "index.md").read_text().partition("## Twelve questions")[2]
    rows = re.findall(r"(?m)^\| .+\? .*\| \[.+\]\(\d\d-[\w-]+\.md#[\w-]+\) \|$", table)
    assert len(rows) == 12


def test_the_glossary_explains_the_words_and_the_chapters_link_them() -> None:
    assert anchors(GLOSSARY) == WORDS | {"glossary"}
    linked = {anchor for page in INSIDE.glob("0*.md") for _, anchor in links(page)}
    assert linked >= LINKED


def test_a_place_is_left_for_each_recorded_run() -> None:
    """Once, in the chapter whose number it has."""
    placed = [
        (page.stem[:2], name)
        for page in sorted(INSIDE.glob("*.md"))
        for name in re.findall(r"<!-- play: ([\w-]+) -->", page.read_text())
    ]
    assert {name for _, name in placed} == SCENES
    assert len(placed) == len(SCENES)
    assert all(name.startswith(number) for number, name in placed)
