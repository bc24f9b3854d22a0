"""Links between pages lead to a file that is there, and to a heading that is in it.

Sphinx checks them for the site.  This checks them as a forge resolves them.
"""

from pathlib import Path

import pytest

from tests.book.pages import ROOT, pages
from tests.docs.links import faults


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    assert faults(page, page.read_text()) == []


def test_links_that_lead_nowhere_are_found() -> None:
    text = "# A `b()`, c\n\n## Twice\n\n## Twice\n"
    links = "[a](#a-b-c) [b](#twice-1) [c](#twice-2)\n[d](nothing.md) ![e](/e.svg) [f](index.md#no)"
    wrong = ["#twice-2", "nothing.md", "/e.svg", "index.md#no"]
    found = faults(ROOT / "docs" / "page.md", f"{text}\n{links}\n```\n[g](fenced.md)\n```\n")
    assert [each.partition(":")[0] for each in found] == wrong
