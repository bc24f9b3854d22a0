"""What a page quotes is what the source says; pictures are drawn, described, and up to date."""

import re
from pathlib import Path

import pytest

from miniloop.state import Life
from tests.book import excerpts, trace_pictures
from tests.book.drawing import Drawing
from tests.book.pages import DOCS, ROOT, blocks, pages
from tests.book.pictures import PICTURES, PLACE
from tests.book.runs import listing
from tests.book.state_pictures import Place, draw_table

IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)")
CHAPTERS = sorted((DOCS / "inside").glob("[0-9]*.md"))
REFILL = "run python3 -m tests.book fill"


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_excerpts_are_what_the_source_says(page: Path) -> None:
    assert page.read_text() == excerpts.filled(page), REFILL


def test_there_are_excerpts() -> None:
    assert len([block for block in blocks() if excerpts.is_excerpt(block)]) > 20


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_as_drawn(name: str) -> None:
    drawn = PICTURES[name]().svg()
    assert (PLACE / f"{name}.svg").read_text() == drawn, REFILL
    assert "prefers-color-scheme:dark" in drawn
    assert 'width="350"' in drawn, "wider than a telephone"


@pytest.mark.parametrize("name", trace_pictures.PICTURES)
def test_pictures_of_the_sample_trace_are_as_drawn(name: str) -> None:
    drawn = trace_pictures.PICTURES[name]().svg()
    assert (trace_pictures.PLACE / f"{name}.svg").read_text() == drawn, REFILL


def test_a_text_that_does_not_fit_is_not_drawn() -> None:
    drawing = Drawing(100, 100, "small")
    with pytest.raises(ValueError, match="too long for its box"):
        drawing.box(0, 0, 50, 20, "this is too long")
    with pytest.raises(ValueError, match="too many lines"):
        drawing.box(0, 0, 90, 20, "a\nb\nc")
    with pytest.raises(ValueError, match="outside"):
        drawing.text(5, 50, "to the left of it")


def test_states_that_do_not_all_lead_to_the_last_one_are_not_drawn() -> None:
    one, two = Life.NEW, Life.CLOSED
    places: dict[str, Place] = {"NEW": (0, 50, 60), "CLOSED": (100, 50, 60)}
    drawing = Drawing(200, 100, "small")
    draw_table(drawing, {one: frozenset({two}), two: frozenset()}, places)
    with pytest.raises(ValueError, match=r"Life\.CLOSED does not follow Life\.NEW"):
        draw_table(
            drawing,
            {one: frozenset({Life.OPEN}), Life.OPEN: frozenset({two}), two: frozenset()},
            places,
        )


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda page: page.stem)
def test_a_chapter_has_all_that_a_chapter_has(chapter: Path) -> None:
    text = listing.without(chapter.read_text())
    alt, path = IMAGE.findall(text)[0]
    assert path == f"img/{chapter.stem}.svg"
    assert len(alt) > 40, "say in words what the picture shows"
    for part in ("## What breaks without this line", "## Exercises", "<!-- code:", "```pycon"):
        assert part in text or (part == "<!-- code:" and "<!-- whole:" in text), part
    assert "## The loop that grows" in text or chapter.stem.startswith("01")
    assert text.count("<details>") == text.count("</details>")
    hints, solutions = (text.count(f"<summary>{what}</summary>") for what in ("Hint", "Solution"))
    assert hints == solutions == len(exercises(text)) >= 2


def exercises(text: str) -> list[str]:
    return re.findall(r"(?m)^\*\*\d+\.\d+\.\*\*", text)


def test_every_picture_of_every_page_is_described_and_there() -> None:
    for page in pages():
        for alt, path in IMAGE.findall(page.read_text()):
            assert alt, f"{page.name}: {path} has no description"
            assert (page.parent / path).is_file()


def test_every_page_has_its_place_in_the_site() -> None:
    """Each directory's index links each page in it, also for those who read on a forge."""
    for page in DOCS.rglob("*.md"):
        if "_build" in page.parts or page.name == "index.md":
            continue
        index = (page.parent / "index.md").read_text()
        assert f"({page.name})" in index, f"link {page.name} in {page.parent.name}/index.md"
