from pathlib import Path

import pytest

from examples.bench import marks

PAGE = """Before.
<!-- one: begin; filled by: a command -->
old
<!-- one: end -->
Between.
<!-- two: begin -->
<!-- two: end -->
After.
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "page.md"
    path.write_text(PAGE)
    return path


def test_what_stands_between_the_comments_is_replaced(path: Path) -> None:
    for body in ("first", "second, with \\1 and \\g<0>"):
        assert marks.fill(path, {"one": body, "absent": "never"}) == ["one"]
        assert path.read_text() == PAGE.replace("\nold\n", f"\n\n{body}\n\n")


def test_blocks_are_named_in_their_order(path: Path) -> None:
    assert marks.blocks(path) == ["one", "two"]


@pytest.mark.parametrize(
    "text",
    [
        "<!-- one: begin -->",
        "<!-- one: end --> <!-- one: begin -->",
        "<!-- one: begin --> <!-- one: end --> <!-- one: begin --> <!-- one: end -->",
    ],
)
def test_a_page_that_is_wrong_is_left_alone(path: Path, text: str) -> None:
    path.write_text(text)
    with pytest.raises(ValueError, match="needs one <!-- one: begin"):
        marks.fill(path, {"one": "new"})
    assert path.read_text() == text


def test_a_page_without_a_place_is_refused(path: Path) -> None:
    with pytest.raises(ValueError, match=r"needs <!-- three: begin --> or <!-- four: begin -->"):
        marks.fill(path, {"three": "", "four": ""})
