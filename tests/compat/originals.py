"""Where CPython's own asyncore and asynchat can be found, so that ours can be compared with them.

In the standard library of 3.11; in ``test.support`` of 3.12 and 3.13, where that is installed.
"""

import importlib
import warnings
from types import ModuleType
from typing import Any, NamedTuple

from miniloop.compat import asynchat, asyncore


class Modules(NamedTuple):
    """The two modules, ours or CPython's: of the type of both nothing else can be said."""

    name: str
    asyncore: Any
    asynchat: Any


def find(name: str) -> ModuleType | None:
    """Return CPython's module of that name, None where this Python has none."""
    for place in (name, f"test.support.{name}"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            try:
                module = importlib.import_module(place)
            except ImportError:
                continue
        if module not in (asyncore, asynchat):
            return module
    return None


def find_both() -> Modules | None:
    """Return CPython's modules, None where this Python has not both."""
    old_asyncore, old_asynchat = find("asyncore"), find("asynchat")
    if old_asyncore is None or old_asynchat is None:
        return None
    return Modules("original", old_asyncore, old_asynchat)


OURS = Modules("ours", asyncore, asynchat)
ORIGINAL = find_both()
MISSING = "this Python has CPython's asyncore neither in its library nor in test.support"
