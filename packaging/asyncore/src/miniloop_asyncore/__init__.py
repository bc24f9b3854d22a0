"""Make ``import asyncore`` and ``import asynchat`` find those of miniloop.

``miniloop_asyncore.pth`` imports this module each time Python starts, mostly for programs that
never import the two.  So it imports nothing that Python has not loaded by then.
"""

import os
import sys

TYPE_CHECKING = False  # typing would have to be imported
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec

NAMES = ("asyncore", "asynchat")


class Finder:
    """Finds the two modules as if they were in the standard library."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> "ModuleSpec | None":
        """Return how to load one of the two; None for any other module."""
        if name not in NAMES:
            return None
        from miniloop_asyncore import loader

        return loader.find(name, os.path.dirname(__file__))


sys.meta_path.insert(0, Finder)  # a class and no object, as importlib's own
