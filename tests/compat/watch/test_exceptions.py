"""What leaves the loop, what goes to ``handle_error()``, and that nothing is lost by it."""

from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest

from tests.compat.conftest import Pair
from tests.compat.serving import recorder, serve

Pairs = Callable[[], Pair]
Map = dict[int, Any]


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, "ExitNow"])
def test_an_exit_leaves_the_loop_as_it_is(
    core: Any, pair: Pairs, map: Map, use_poll: bool, error: Any
) -> None:
    error = core.ExitNow if error == "ExitNow" else error
    ours, theirs = pair()
    channel = recorder(core)(ours, map)
    channel.on["read"] = mock.Mock(side_effect=error)
    theirs.send(b"x")
    with pytest.raises(error):
        core.loop(5, use_poll, map)
    assert channel.seen == ["read x"]
    assert channel in map.values()
    channel.on.clear()
    theirs.send(b"y")
    serve(core, map, lambda: channel.seen == ["read x", "read y"], use_poll)


@pytest.mark.parametrize("error", [GeneratorExit, BaseException])
def test_every_other_exception_goes_to_handle_error(
    core: Any, pair: Pairs, map: Map, use_poll: bool, error: type[BaseException]
) -> None:
    ours, theirs = pair()
    channel = recorder(core)(ours, map)
    channel.on["read"] = mock.Mock(side_effect=error)
    channel.handle_error = lambda: channel.seen.append("error")
    theirs.send(b"x")
    serve(core, map, lambda: len(channel.seen) == 2, use_poll)
    assert channel.seen == ["read x", "error"]


@pytest.mark.parametrize("name", ["readable", "writable"])
def test_an_exception_in_a_predicate_ends_the_loop(
    core: Any, pair: Pairs, map: Map, use_poll: bool, name: str
) -> None:
    channel = recorder(core)(pair()[0], map)
    setattr(channel, name, mock.Mock(side_effect=ZeroDivisionError))
    for passes in (1, 5, None):
        with pytest.raises(ZeroDivisionError):
            core.loop(5, use_poll, map, passes)
    assert channel.seen == []


def test_after_a_failed_predicate_every_object_is_asked_as_before(
    core: Any, pair: Pairs, map: Map, use_poll: bool
) -> None:
    (ours, theirs), (other, peer) = pair(), pair()
    channel, failing = recorder(core)(ours, map), recorder(core)(other, map)
    failing.readable = mock.Mock(side_effect=[True, True, ZeroDivisionError] + [True] * 99)
    with pytest.raises(ZeroDivisionError):
        core.loop(0, use_poll, map)
    theirs.send(b"x")
    peer.send(b"x")
    core.loop(0, use_poll, map, 2)
    assert channel.seen == failing.seen == ["read x"]
