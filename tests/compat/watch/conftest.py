"""Fixtures for the tests of ``loop()``: what it notices without asking every object on every pass.

A test that takes ``core`` runs on CPython's asyncore too, which does ask every object."""

import socket
from collections.abc import Callable
from typing import Any

import pytest

from tests.compat.conftest import Pair
from tests.compat.serving import recorder

Pairs = Callable[[], Pair]
Map = dict[int, Any]


class Ticker:
    """Calls a function in each pass; an event of its own comes in every pass, so none waits."""

    accepting = False

    def __init__(self, tick: Callable[[], object]) -> None:
        self.tick = tick
        self.one, self.other = socket.socketpair()

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def handle_write_event(self) -> None:
        self.tick()

    def handle_error(self) -> None:
        raise

    def close(self) -> None:
        self.one.close()
        self.other.close()


@pytest.fixture(params=[0, 12], ids=["alone", "in company"])
def map(request: pytest.FixtureRequest, core: Any, map: Map, pair: Pairs) -> Map:
    """A map with so many silent members whom nobody needs to ask."""
    for _ in range(request.param):
        core.dispatcher_with_send(pair()[0], map)
    return map


@pytest.fixture
def ticking(map: Map) -> Any:
    """A maker of tickers, which run in the map until the test is over."""
    made: list[Ticker] = []

    def make(tick: Callable[[], object]) -> Ticker:
        ticker = Ticker(tick)
        made.append(ticker)
        map[ticker.one.fileno()] = ticker
        return ticker

    yield make
    for ticker in made:
        map.pop(ticker.one.fileno(), None)
        ticker.close()


@pytest.fixture
def trio(core: Any, pair: Pairs, map: Map) -> tuple[list[str], list[Any], list[socket.socket]]:
    """Three channels, each with a letter waiting; one list of calls."""
    seen: list[str] = []
    pairs = [pair() for _ in "abc"]
    channels = [
        recorder(core)(ours, map, name, seen) for name, (ours, _) in zip("abc", pairs, strict=True)
    ]
    for _, theirs in pairs:
        theirs.send(b"1")
    return seen, channels, [theirs for _, theirs in pairs]
