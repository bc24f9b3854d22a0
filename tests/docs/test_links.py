"""Links between pages lead to a file that is there, and to a heading that is in it.

Sphinx checks them for the site.  This checks them as a forge resolves them.
"""

import re
from functools import cache
from pathlib import Path

import pytest

from tests.book.pages import ROOT, pages

_FENCED = re.compile(r"^(```+).*?^\1[ ]*$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
_ELSEWHERE = ("http://", "https://", "mailto:")


def prose(text: str) -> str:
    """Return a page without its fenced blocks."""
    return _FENCED.sub("", text)


def targets(text: str) -> list[str]:
    """Return what the links and images of a page lead to, but for other sites."""
    return [each for each in _LINK.findall(prose(text)) if not each.startswith(_ELSEWHERE)]


def anchors(text: str) -> set[str]:
    """Return the anchors that a forge makes of the headings of a page."""
    found: dict[str, int] = {}
    for heading in _HEADING.findall(prose(text)):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
        found[slug] = count = found.get(slug, -1) + 1
        if count:
            found[f"{slug}-{count}"] = 0
    return {*found}


@cache
def anchors_of(page: Path) -> set[str]:
    return anchors(page.read_text())


def faults(page: Path, text: str) -> list[str]:
    """Return the links of a page that lead nowhere, each with the reason."""
    found = []
    for target in targets(text):
        path, _, anchor = target.partition("#")
        place = (page.parent / path).resolve()
        if path and not (place.is_relative_to(ROOT) and place.exists()):
            found.append(f"{target}: no such file")
        elif anchor and anchor not in (anchors_of(place) if path else anchors(text)):
            found.append(f"{target}: no such heading")
    return found


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    assert faults(page, page.read_text()) == []


def test_links_that_lead_nowhere_are_found() -> None:
    text = "# A `b()`, c\n\n## Twice\n\n## Twice\n"
    links = "[a](#a-b-c) [b](#twice-1) [c](#twice-2)\n[d](nothing.md) ![e](/e.svg) [f](index.md#no)"
    wrong = ["#twice-2", "nothing.md", "/e.svg", "index.md#no"]
    found = faults(ROOT / "docs" / "page.md", f"{text}\n{links}\n```\n[g](fenced.md)\n```\n")
    assert [each.partition(":")[0] for each in found] == wrong
