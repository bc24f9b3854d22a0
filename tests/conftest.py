"""Settings that every test shares, and nothing that only some of them need.

Hypothesis runs without deadlines: a busy machine must not fail a test. Under CI it is derandomised
too, so that a red run can be repeated; at a desk it keeps searching in new places.
"""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from miniloop import EventLoop

settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("dev", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


@pytest.fixture
def loop() -> Iterator[EventLoop]:
    """A loop in debug mode, closed afterwards with all its channels."""
    with EventLoop(debug=True) as loop:
        yield loop
