"""What the pages show being typed at Python's prompt prints what they show."""

import doctest
import gc
import logging
import socket
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.book.pages import ROOT, pages

PARSER = doctest.DocTestParser()
PAGES = [page for page in pages() if "```pycon" in page.read_text()]


class Unfenced(doctest.OutputChecker):
    """Knows that the fence behind a block belongs to no output."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        return super().check_output(want.removesuffix("```\n"), got, optionflags)


@pytest.fixture
def _left_as_it_was() -> Iterator[None]:
    """A reader leaves Python without closing anything, and so do the pages."""
    before = sockets()  # themselves, not their id(), which may come again
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
    for sock in sockets():
        if not any(sock is other for other in before):
            sock.close()
    logging.disable(logging.NOTSET)


def sockets() -> list[socket.socket]:
    """All of this process; by type(), since a weak proxy asks what it stands for, dead or not."""
    return [each for each in gc.get_objects() if issubclass(type(each), socket.socket)]


@pytest.mark.usefixtures("_left_as_it_was")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_experiments(page: Path) -> None:
    """A page's experiments follow each other in one session."""
    test = PARSER.get_doctest(page.read_text(), {}, page.name, str(page), 0)
    runner = doctest.DocTestRunner(Unfenced(), verbose=False, optionflags=doctest.ELLIPSIS)
    said: list[str] = []
    runner.run(test, out=said.append, clear_globs=False)
    assert runner.failures == 0, "".join(said)


def test_there_are_experiments() -> None:
    assert len(PAGES) >= 10
