"""Finding a definition in a source file, and its lines."""

import pytest

from tests.book.excerpts import excerpt
from tests.book.pages import replaced

SOURCE = '''"""A module."""

LIMIT: int = 5
OTHER = 6

class Outer:
    """A class."""

    @property
    def inner(self):
        """A method."""
        return LIMIT
'''


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("LIMIT", "LIMIT: int = 5\n"),
        ("OTHER", "OTHER = 6\n"),
        (
            "Outer.inner",
            '@property\ndef inner(self):\n    """A method."""\n    return LIMIT\n',
        ),
        ("Outer.inner:4-4", "return LIMIT\n"),
    ],
)
def test_definition(name: str, lines: str) -> None:
    assert excerpt(SOURCE, name) == lines


def test_missing_definition() -> None:
    with pytest.raises(LookupError, match=r"no Outer\.outer"):
        excerpt(SOURCE, "Outer.outer")


def test_only_marked_blocks_are_replaced() -> None:
    page = "<!-- code: a b -->\n```py\nold\n```\n\n```py\nold\n```\n"
    assert replaced(page, {("code", ("a", "b")): "new\n"}) == page.replace("old", "new", 1)
