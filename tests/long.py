"""Tests that take long: left out of a usual run, and part of ``LONG=1 python3 -m tests``.

A test says so with ``@pytest.mark.long``. ``.ci/run`` sets LONG for the first Python.
"""

from __future__ import annotations

import os

import pytest

MARK = "long: left out unless LONG is set in the environment"


def wanted() -> bool:
    """Return whether the environment asks for them."""
    return bool(os.environ.get("LONG"))


def select(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take the long tests out of ``items``, unless they are wanted."""
    left_out = [] if wanted() else [item for item in items if item.get_closest_marker("long")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        gone = set(left_out)
        items[:] = [item for item in items if item not in gone]
