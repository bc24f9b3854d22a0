"""Fixtures for the tests of ``loop()``: what it notices without asking every object on every pass.

A test that takes ``core`` runs on CPython's asyncore too, which does ask every object.
"""

import socket
from collections.abc import Callable
from typing import Any

import pytest

from tests.compat.conftest import Pair
from tests.compat.serving import recorder

Pairs = Callable[[], Pair]
Map = dict[int, Any]


@pytest.fixture(params=[0, 12], ids=["alone", "in company"])
def map(request: pytest.FixtureRequest, core: Any, map: Map, pair: Pairs) -> Map:
    """A map with so many silent members, which need not be asked."""
    for _ in range(request.param):
        core.dispatcher_with_send(pair()[0], map)
    return map


@pytest.fixture
def trio(core: Any, pair: Pairs, map: Map) -> tuple[list[str], list[Any], list[socket.socket]]:
    """Return a list of calls, three channels that note theirs in it, and the peers."""
    seen: list[str] = []
    pairs = [pair() for _ in "abc"]
    channels = [
        recorder(core)(ours, map, name, seen) for name, (ours, _) in zip("abc", pairs, strict=True)
    ]
    for _, theirs in pairs:
        theirs.send(b"1")
    return seen, channels, [theirs for _, theirs in pairs]
