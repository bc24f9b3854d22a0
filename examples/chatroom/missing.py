"""Optional packages that are not installed, and the effect of their absence.

Rule of this file: check and report; a missing package causes no failure.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

from .people import names

# Not by the project's name: the examples run in a clone, and an index might have another package of
# that name.  In a virtual environment, because Debian's Python allows no packages elsewhere.
INSTALL = (
    "This installs what is missing, in this clone, and runs it: python3 -m venv .venv/chat && "
    ".venv/chat/bin/pip install -e '.[chat]' && .venv/chat/bin/python -m examples.chatroom"
)
NO_WEB = "There is no web page: the package websockets is missing."
NO_PRECIS = (
    "Names are checked by simpler rules than PRECIS (RFC 8265): the package precis-i18n is missing."
)


def has_web() -> bool:
    """Return whether the web door can be opened."""
    return importlib.util.find_spec("websockets") is not None


def missing_packages(*, wants_web: bool) -> Iterator[str]:
    """Yield a sentence for each missing package that would make a difference.

    The last sentence says how to install them.
    """
    found = list(_missing(wants_web=wants_web))
    yield from found
    if found:
        yield INSTALL


def _missing(*, wants_web: bool) -> Iterator[str]:
    if wants_web and not has_web():
        yield NO_WEB
    if not names.PRECIS:
        yield NO_PRECIS
