"""The book as a whole: its questions have answers, its words are explained, its markers placed."""

import re

from tests.book.pages import DOCS
from tests.docs.links import anchors_of, targets

INSIDE = DOCS / "inside"
GLOSSARY = DOCS / "reference" / "glossary.md"
WORDS = {"channel", "registration", "interest", "dirty", "handler", "callback", "pass", "ghost",
         "read-hold", "hall", "door", "seat"}  # fmt: skip
LINKED = WORDS - {"hall", "door", "seat"}
"""Those of the chat room occur in no chapter."""
SCENES = {
    "01-echo", "02-one-pass", "02-wait-zero", "03-dirty", "04-error", "04-hangup", "05-came-back",
    "06-timers", "07-waker", "08-terminator", "09-backpressure", "10-watch", "11-emfile", "12-end",
    "13-tls",
}  # fmt: skip


def test_the_twelve_questions_have_their_places() -> None:
    table = (INSIDE / "index.md").read_text().partition("## Twelve questions")[2]
    rows = re.findall(r"(?m)^\| .+\? .*\| \[.+\]\(\d\d-[\w-]+\.md#[\w-]+\) \|$", table)
    assert len(rows) == 12


def test_the_glossary_explains_the_words_and_the_chapters_link_them() -> None:
    assert anchors_of(GLOSSARY) == WORDS | {"glossary"}
    pages = [page.read_text() for page in INSIDE.glob("0*.md")]
    linked = {each.partition("#")[2] for text in pages for each in targets(text)}
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
