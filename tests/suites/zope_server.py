"""The tests that zope.server brings along, all of them.

Run by unittest inside the suite's process.  Most start real servers, with threads that answer.
"""

import unittest
from pathlib import Path

import zope.server


def load_tests(
    loader: unittest.TestLoader, tests: unittest.TestSuite, pattern: str | None
) -> unittest.TestSuite:
    """Return what is found in the package's folder."""
    [folder] = zope.server.__path__
    return loader.discover(folder, top_level_dir=str(Path(folder).parent.parent))
