"""Fixtures for the tests of ``loop()``: what it notices without asking every object on every pass.

A test that takes ``core`` runs on CPython's asyncore too, which does ask every object.
"""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.compat.conftest import Pair
from tests.compat.serving import recorder

Pairs = Callable[[], Pair]
Map = dict[int, Any]


class Later:
    """A member that calls a function in its sixth pass; it has an event in each, so none waits.

    Attributes:
        happened: whether the function was called.
    """

    accepting = False

    def __init__(self, action: Callable[[], object]) -> None:
        self.action = action
        self.passes = 0
        self.happened = False
        self.one, self.other = socket.socketpair()

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def handle_write_event(self) -> None:
        self.passes += 1
        if self.passes == 6:
            self.action()
            self.happened = True

    def handle_error(self) -> None:
        raise

    def close(self) -> None:
        self.one.close()
        self.other.close()


@pytest.fixture(params=[0, 12], ids=["alone", "in company"])
def map(request: pytest.FixtureRequest, core: Any, map: Map, pair: Pairs) -> Map:
    """A map with so many silent members, which need not be asked."""
    for _ in range(request.param):
        core.dispatcher_with_send(pair()[0], map)
    return map


@pytest.fixture
def later(map: Map) -> Iterator[Callable[[Callable[[], object]], Later]]:
    """Has a function called inside a handler, in a later pass."""
    made: list[Later] = []

    def make(action: Callable[[], object]) -> Later:
        member = Later(action)
        made.append(member)
        map[member.one.fileno()] = member
        return member

    yield make
    for member in made:
        map.pop(member.one.fileno(), None)
        member.close()


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
