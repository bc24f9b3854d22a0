"""The colours of code in the site can be read on their ground."""

import re

import pytest

from tests.book.pages import DOCS

CSS = (DOCS / "_static" / "site.css").read_text()
COLOURS = dict(re.findall(r"(--code-[\w-]+): (#[0-9a-f]{6})", CSS))
GROUND = "#f0f0f0"


def luminance(colour: str) -> float:
    """Relative luminance, as WCAG 2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", COLOURS)
def test_a_colour_of_code_has_the_contrast_of_text(name: str) -> None:
    assert contrast(COLOURS[name], GROUND) >= 4.5
    assert CSS.count(f"var({name})") == 2, "once for the choice of light, once for the system's"


def test_the_formula() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#888888", GROUND) == pytest.approx(3.11, abs=0.01)


def test_pictures_follow_the_pages_choice() -> None:
    for theme in ("light", "dark"):
        assert f'body[data-theme="{theme}"] img {{ color-scheme: {theme}; }}' in CSS
