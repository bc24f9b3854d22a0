"""Find and load the two modules, once a program imports one of them."""

import importlib
import os
import sys
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import find_spec
from types import ModuleType


def find(name: str, package: str) -> ModuleSpec | None:
    """Return how to load ``asyncore`` or ``asynchat``.

    A file of the program's own under that name comes first, as it came before the standard
    library's.  What is installed in ``site-packages`` comes later.

    Args:
        name: one of the two.
        package: the folder of this package.

    Returns:
        None if the program has a file of its own, and if miniloop was removed: then the modules of
        another distribution are better than none.
    """
    own = PathFinder.find_spec(name, before_library(os.path.dirname(package)))
    has_own = own is not None and own.origin is not None  # a folder without __init__.py has none
    if has_own or not has_miniloop():
        return None
    file = os.path.join(package, "names", f"{name}.py")
    spec = ModuleSpec(name, Loader(name, file), origin=file)
    spec.has_location = True
    return spec


def has_miniloop() -> bool:
    """Return whether miniloop is there, without importing it; others have used its name too."""
    found = find_spec("miniloop")
    inside = None if found is None else found.submodule_search_locations
    return bool(inside) and PathFinder.find_spec("miniloop.compat", inside) is not None


def before_library(site: str) -> list[str]:
    """Return the entries of ``sys.path`` before the standard library, but for ``site``.

    ``site``, where this package is installed, is among them if it was made by ``pip install
    --target`` and is named by PYTHONPATH.  It holds no program.
    """
    library = os.path.dirname(os.__file__)
    if library not in sys.path:
        return []
    entries = sys.path[: sys.path.index(library)]
    return [entry for entry in entries if os.path.abspath(entry) != site]


class Loader(SourceFileLoader):
    """Gives the module of ``miniloop.compat`` a second name.

    The file in ``names/``, which replaces itself in ``sys.modules``, would do the same.  But a
    second thread that imports the module meanwhile would get what was replaced.
    """

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module of ``miniloop.compat``."""
        module = importlib.import_module(f"miniloop.compat.{spec.name}")
        self._spec = module.__spec__  # importlib is about to set another
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Let the module keep its own spec, by which it can be reloaded."""
        module.__spec__ = self._spec
