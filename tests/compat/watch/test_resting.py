"""Rest: small maps, and those whose objects are mostly asked anyhow, are served as asyncore did."""

import os
import socket
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import pytest

from miniloop.compat import announcing, asyncore
from miniloop.compat.watch import REST_PAUSE
from miniloop.testing import FakeClock
from tests.compat.conftest import Pair
from tests.compat.serving import recorder, serve
from tests.compat.watch.counting import Overriding, Passes, Stock, passes_in

Pairs = Callable[[], Pair]


@pytest.fixture(autouse=True)
def sizes(everything_is_watched: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to two objects are few, up to six are few if they are busy."""
    monkeypatch.setattr("miniloop.compat.watch.SMALL_MAP", 2)
    monkeypatch.setattr("miniloop.compat.watch.BUSY_MAP", 6)


@pytest.fixture
def passes(sizes: None) -> Iterator[Passes]:
    with passes_in(FakeClock()) as made:
        yield made


def add(passes: Passes, pair: Pairs, overriding: int, stock: int) -> list[socket.socket]:
    """Put so many members into the map; return their peers."""
    peers = []
    for kind, count in ((Overriding, overriding), (Stock, stock)):
        for _ in range(count):
            ours, theirs = pair()
            kind(ours, passes.map)
            peers.append(theirs)
    return peers


def rests(passes: Passes) -> bool:
    """Make a pass; return whether it was asyncore's, which knows nothing afterwards."""
    passes.run()
    assert bool(passes.watch.registry.entries) == bool(announcing.listeners)
    return not announcing.listeners


@pytest.mark.parametrize(
    ("overriding", "stock", "expected"),
    [(1, 0, True), (0, 2, True), (0, 3, False), (2, 2, True), (1, 3, False), (7, 0, False)],
)
def test_small_maps_and_busy_ones_rest(
    passes: Passes, pair: Pairs, overriding: int, stock: int, expected: bool
) -> None:
    add(passes, pair, overriding, stock)
    assert rests(passes) is expected


def test_a_map_rests_when_a_third_of_its_objects_had_events(passes: Passes, pair: Pairs) -> None:
    peers = add(passes, pair, 0, 5)
    peers[0].send(b"x")
    assert [rests(passes) for _ in range(2)] == [False, False]
    for peer in peers[:2]:
        peer.send(b"x")
    assert [rests(passes) for _ in range(2)] == [False, True]


def test_a_rest_lasts_for_a_pause(passes: Passes, pair: Pairs) -> None:
    peers = add(passes, pair, 0, 5)
    for peer in peers:
        peer.send(b"x")
    decisions = ""
    for _ in range(8):
        decisions += "w-"[rests(passes)]
        passes.clock.advance(REST_PAUSE / 4)
    assert decisions == "w----www"


def test_a_rest_ends_when_the_map_is_no_longer_small(passes: Passes, pair: Pairs) -> None:
    add(passes, pair, 0, 2)
    assert rests(passes)
    add(passes, pair, 0, 1)
    assert not rests(passes)
    members = [*passes.map.values()]
    members[0].close()
    assert rests(passes)


def test_a_rest_ends_when_the_map_is_too_large_for_it(passes: Passes, pair: Pairs) -> None:
    add(passes, pair, 6, 0)
    assert rests(passes)
    add(passes, pair, 1, 0)
    assert not rests(passes)


def test_everything_is_asked_after_a_rest(passes: Passes, pair: Pairs) -> None:
    add(passes, pair, 0, 3)
    passes.run(3)
    members = [*passes.map.values()]
    members[2].close()
    passes.run(2)
    counts = [member.asked for member in members[:2]]
    assert counts == [3, 3]
    members[0].connected = False  # nothing announces it
    add(passes, pair, 0, 1)
    passes.clock.advance(REST_PAUSE)
    passes.run()
    assert members[0].written == 1


@pytest.mark.parametrize("size", [20, 21])
def test_the_limit_is_twenty(size: int) -> None:
    """With the real number, not this module's."""
    with mock.patch("miniloop.compat.watch.SMALL_MAP", 20), passes_in(FakeClock()) as passes:
        pairs = [socket.socketpair() for _ in range(size)]
        members = [Stock(ours, passes.map) for ours, _ in pairs]
        assert rests(passes) is (size == 20)
        for member, (_, theirs) in zip(members, pairs, strict=True):
            member.close()
            theirs.close()


def test_descriptors_beyond_those_of_select(pair: Pairs) -> None:
    """select(2) ends at 1,023; the original raised ValueError there."""
    resource = pytest.importorskip("resource", reason="no limits to raise without this module")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 1100:
        pytest.skip("this user may not have so many descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 1100), hard))
    try:
        ours, theirs = pair()
        os.dup2(ours.fileno(), 1050)
        map: dict[int, Any] = {}
        with socket.socket(fileno=1050) as high:
            channel = recorder(asyncore)(high, map)
            channel.on["read"] = lambda: theirs.send(b"2") if channel.seen == ["read 1"] else None
            theirs.send(b"1")
            serve(asyncore, map, lambda: len(channel.seen) > 1)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert channel.seen == ["read 1", "read 2"]
