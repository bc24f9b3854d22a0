"""The bypass: small maps of objects that are asked on every pass anyhow."""

import os
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from miniloop.compat import asyncore
from miniloop.compat.watch import AUDIT_PAUSE
from miniloop.testing import FakeClock
from tests.compat.conftest import Pair
from tests.compat.serving import recorder, serve
from tests.compat.watch.counting import Overriding, Passes, Stock, passes_in

Pairs = Callable[[], Pair]


@pytest.fixture
def passes() -> Iterator[Passes]:
    with passes_in(FakeClock()) as made:
        yield made


def fill(passes: Passes, pair: Pairs, overriding: int, stock: int) -> None:
    """Put so many members into the map and have it looked at once."""
    for kind, count in ((Overriding, overriding), (Stock, stock)):
        for _ in range(count):
            kind(pair()[0], passes.map)
    passes.run()


@pytest.mark.parametrize(
    ("overriding", "stock", "expected"), [(1, 0, True), (3, 2, True), (2, 2, False), (0, 3, False)]
)
def test_a_map_is_bypassed_if_most_are_asked_on_every_pass(
    passes: Passes, pair: Pairs, overriding: int, stock: int, expected: bool
) -> None:
    fill(passes, pair, overriding, stock)
    assert passes.watch.is_bypassed() is expected


@pytest.mark.parametrize(("size", "expected"), [(4, True), (3, False)])
def test_a_large_map_is_never_bypassed(
    passes: Passes, pair: Pairs, monkeypatch: pytest.MonkeyPatch, size: int, expected: bool
) -> None:
    monkeypatch.setattr("miniloop.compat.watch.SMALL_MAP", size)
    fill(passes, pair, 4, 0)
    assert passes.watch.is_bypassed() is expected


def test_nothing_is_known_yet_of_a_map_before_its_first_pass(passes: Passes, pair: Pairs) -> None:
    ours, _ = pair()
    passes.map[ours.fileno()] = Overriding(ours, {})
    assert not passes.watch.is_bypassed()
    passes.run()
    assert passes.watch.is_bypassed()


def test_a_bypass_lasts_for_a_pause_and_then_one_pass_is_watched(
    passes: Passes, pair: Pairs
) -> None:
    fill(passes, pair, 3, 0)
    decisions = ""
    for _ in range(10):
        bypassed = passes.watch.is_bypassed()
        decisions += "-w"[not bypassed]
        if not bypassed:
            passes.run()
        passes.clock.advance(AUDIT_PAUSE / 4)
    assert decisions == "----w----w"


def test_a_map_that_has_changed_meanwhile_is_watched(passes: Passes, pair: Pairs) -> None:
    fill(passes, pair, 1, 0)
    assert passes.watch.is_bypassed()
    late = [Stock(pair()[0], passes.map) for _ in range(4)]
    assert passes.watch.is_bypassed()
    passes.clock.advance(AUDIT_PAUSE)
    assert not passes.watch.is_bypassed()
    passes.run()
    assert not passes.watch.is_bypassed()
    passes.run(5)
    assert [member.asked for member in late] == [1] * 4


def test_a_member_that_leaves_during_the_bypass(passes: Passes, pair: Pairs) -> None:
    fill(passes, pair, 2, 0)
    assert passes.watch.is_bypassed()
    next(iter(passes.map.values())).close()
    passes.clock.advance(AUDIT_PAUSE)
    assert not passes.watch.is_bypassed()
    passes.run()
    assert passes.watch.is_bypassed()


def test_a_bypass_that_was_ended_does_not_come_back(passes: Passes, pair: Pairs) -> None:
    fill(passes, pair, 2, 0)
    assert passes.watch.is_bypassed()
    assert passes.watch.end_bypass()
    passes.run()
    assert not passes.watch.is_bypassed()
    assert not passes.watch.end_bypass()


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
            channel.readable = lambda: True  # so that the map is bypassed
            channel.on["read"] = lambda: theirs.send(b"2")  # the first pass is watched
            theirs.send(b"1")
            serve(asyncore, map, lambda: len(channel.seen) > 1)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert channel.seen == ["read 1", "read 2"]
