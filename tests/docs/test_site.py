"""What the site's builder looks for in what it has built; the build is a stage of its own."""

from pathlib import Path

import pytest

import miniloop
from tests.book.pages import DOCS
from tests.book.site import loaded_from_elsewhere


@pytest.mark.parametrize(
    "text",
    [
        '<script src="https://example.org/x.js"></script>',
        '<img alt="" src=//example.org/x.png>',
        '<link rel="stylesheet" href="http://example.org/x.css">',
        "<style>@import 'https://example.org/x.css';</style>",
        "<style>a { background: url(https://example.org/x.png) }</style>",
        '<img srcset="https://example.org/x.png 2x">',
    ],
)
def test_what_would_be_fetched_from_elsewhere_is_found(text: str, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(text)
    assert len(loaded_from_elsewhere(tmp_path)) == 1


@pytest.mark.parametrize(
    "text",
    [
        '<a href="https://example.org/">a link is fetched when somebody wants it</a>',
        '<script src="_static/x.js"></script><link href="_static/x.css">',
        '<svg xmlns="http://www.w3.org/2000/svg"></svg>',
    ],
)
def test_what_is_not_fetched_is_left_alone(text: str, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(text)
    assert loaded_from_elsewhere(tmp_path) == []


def test_the_reference_has_every_public_name() -> None:
    text = "".join(page.read_text() for page in (DOCS / "reference" / "api").glob("*.md"))
    documented = {name for name in miniloop.__all__ if f":: miniloop.{name}\n" in text}
    assert documented == set(miniloop.__all__)
