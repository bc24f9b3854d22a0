"""A class in short, as the reference shows it."""

from collections.abc import Callable

import pytest

from tests.book import summaries
from tests.book.summaries import summary

SHORT = __name__.partition(".")[2]


class Sample:
    """A sample. With a second sentence."""

    def method(self, one: int, two: Callable[[], object] = print, *, three: str = "x") -> int:
        """Do it.

        And more.
        """
        return one

    def undocumented(self) -> None:
        pass

    @property
    def value(self) -> int:
        """The value."""
        return 1

    def _private(self) -> None:
        """Not shown."""


class Special(Sample):
    """A special one."""

    def method(self, *arguments: object, **options: object) -> int:
        """Do it otherwise."""
        return 2


@pytest.fixture(autouse=True)
def ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summaries, "PACKAGE", __name__.partition(".")[0])


def test_members_with_the_first_sentence_of_each() -> None:
    assert summary((f"{__name__}.Sample",)).splitlines() == [
        f"{SHORT}.Sample()",
        "    A sample.",
        "  method(one, two=print, *, three='x')",
        "      Do it.",
        "  value",
        "      The value.",
    ]


def test_an_override_is_shown_once_and_what_is_inherited_too() -> None:
    lines = summary((f"{__name__}.Special",)).splitlines()
    assert [line for line in lines if "Do it" in line] == ["      Do it otherwise."]
    assert "  value" in lines
