"""Load the package with one change in its source, and nothing else different.

It happens in a process of its own (``child.py``): no test must ever find a changed module.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import NoReturn

from tests.book.breaking import Breakage
from tests.book.pages import ROOT

RELOADED = ("miniloop", "examples", "tests.book.runs.scenarios")
"""Packages that are imported anew for each run, so that they use the changed module."""


class Loader(importlib.machinery.SourceFileLoader):
    """Loads one module from changed text; no bytecode is read or written."""

    def __init__(self, name: str, path: str, text: str) -> None:
        super().__init__(name, path)
        self._text = text

    def path_stats(self, path: str) -> NoReturn:
        """Refuse, so that the import system uses no bytecode."""
        raise OSError(path)

    def get_data(self, path: str) -> bytes:
        return self._text.encode()


class Finder(importlib.abc.MetaPathFinder):
    """Finds the changed module before the usual finders do."""

    def __init__(self, breakage: Breakage) -> None:
        self._name = breakage.file.removesuffix(".py").replace("/", ".")
        self._path = str(ROOT / breakage.file)
        self._text = changed(breakage)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._name:
            return None
        loader = Loader(fullname, self._path, self._text)
        return importlib.util.spec_from_file_location(fullname, self._path, loader=loader)


def changed(breakage: Breakage) -> str:
    """Return the file's text with the change made.

    Raises:
        ValueError: the place is not there, or not the only one.
    """
    text = (ROOT / breakage.file).read_text()
    count = text.count(breakage.old)
    if count != 1:
        raise ValueError(f"{breakage.name}: found {count} times in {breakage.file}, not once")
    return text.replace(breakage.old, breakage.new)


def load(breakage: Breakage | None) -> None:
    """Forget the packages, and let the next imports find them with this change, or with none."""
    for name in [*sys.modules]:
        if name in RELOADED or name.startswith(tuple(f"{each}." for each in RELOADED)):
            del sys.modules[name]
    sys.meta_path[:] = [each for each in sys.meta_path if not isinstance(each, Finder)]
    if breakage is not None:
        sys.meta_path.insert(0, Finder(breakage))
