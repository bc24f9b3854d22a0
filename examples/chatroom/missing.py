"""What is not installed here, and what one does without it.

Rule of this file: looking and saying; nothing fails because of it.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

from .people import names

# Not by the project's name: the examples run in a clone, and an index might have a namesake.
INSTALL = "in this clone, python3 -m pip install -e '.[chat]' brings it."
NO_WEB = f"There is no web page: the package websockets is missing; {INSTALL}"
NO_PRECIS = (
    "Names are checked by simpler rules than PRECIS (RFC 8265): the package precis-i18n is "
    f"missing; {INSTALL}"
)


def has_web() -> bool:
    """Say whether the web door can be opened."""
    return importlib.util.find_spec("websockets") is not None


def missing_packages(*, wants_web: bool) -> Iterator[str]:
    """Yield a sentence for each package that is missing and would make a difference."""
    if wants_web and not has_web():
        yield NO_WEB
    if not names.PRECIS:
        yield NO_PRECIS
