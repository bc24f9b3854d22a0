"""How long a pass waits."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.compat.conftest import Pair
from tests.compat.serving import recorder

Pairs = Callable[[], Pair]
Map = dict[int, Any]


def test_timeout_zero_does_not_wait(core: Any, pair: Pairs, map: Map, use_poll: bool) -> None:
    recorder(core)(pair()[0], map)
    started = time.monotonic()
    core.loop(0.0, use_poll, map, 50)
    assert time.monotonic() - started < 5


def test_timeout_none_waits_for_the_first_event(core: Any, pair: Pairs, use_poll: bool) -> None:
    map: Map = {}
    ours, theirs = pair()
    channel = recorder(core)(ours, map)
    channel.on["read"] = channel.close
    theirs.send(b"x")
    core.loop(None, use_poll, map)
    assert channel.seen == ["read x"]


@pytest.mark.parametrize("passes", [1, 3])
def test_negative_timeouts(core: Any, pair: Pairs, passes: int) -> None:
    """An error for select(2); for poll(2) they mean without end."""
    map: Map = {}
    ours, theirs = pair()
    channel = recorder(core)(ours, map)
    with pytest.raises(ValueError, match="non-negative"):
        core.loop(-1, False, map, passes)
    channel.on["read"] = channel.close
    theirs.send(b"x")
    core.loop(-1, True, map, passes)
    assert channel.seen == ["read x"]


@pytest.mark.parametrize(("timeout", "error"), [(None, TypeError), (-1, ValueError)])
def test_nothing_to_wait_for_and_a_timeout_that_cannot_be_slept(
    core: Any, pair: Pairs, timeout: float | None, error: type[Exception]
) -> None:
    map: Map = {}
    channel = recorder(core)(pair()[0], map)
    channel.readable = lambda: False
    for passes in (1, 3):
        with pytest.raises(error):
            core.loop(timeout, False, map, passes)


def test_the_timeout_is_the_longest_wait(core: Any, pair: Pairs, map: Map, use_poll: bool) -> None:
    recorder(core)(pair()[0], map)
    started = time.monotonic()
    core.loop(0.03, use_poll, map, 2)
    assert 0.058 <= time.monotonic() - started < 10


def test_each_pass_ends_after_the_timeout_even_while_audits_are_made(
    core: Any, pair: Pairs, map: Map, use_poll: bool
) -> None:
    ours, theirs = pair()
    channel = recorder(core)(ours, map)
    theirs.send(b"x")
    started = time.monotonic()
    core.loop(0.2, use_poll, map, 2)
    assert 0.19 <= time.monotonic() - started < 10
    assert channel.seen == ["read x"]
