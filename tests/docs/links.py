"""The links of a page, and the anchors of its headings, as a forge makes them."""

import re
from functools import cache
from pathlib import Path

from tests.book.pages import ROOT

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
