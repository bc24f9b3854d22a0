"""A map may hold anything that has a dispatcher's methods."""

# mypy: disallow-subclassing-any=False

from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest

from miniloop.compat import asyncore
from tests.compat.conftest import Pair
from tests.compat.serving import recorder, serve

Pairs = Callable[[], Pair]
Map = dict[int, Any]


def test_a_mock_with_spec_is_asked_and_called(
    core: Any, pair: Pairs, map: Map, use_poll: bool
) -> None:
    ours, _ = pair()
    duck = map[ours.fileno()] = mock.create_autospec(core.dispatcher, instance=True)
    duck.readable.return_value = duck.accepting = False
    duck.writable.return_value = True
    core.loop(0, use_poll, map, 3)
    assert len(duck.handle_write_event.mock_calls) == 3
    assert len(duck.readable.mock_calls) == 3


def test_a_listener_is_never_writable(core: Any, pair: Pairs, map: Map, use_poll: bool) -> None:
    ours, _ = pair()
    duck = map[ours.fileno()] = mock.Mock(accepting=True)
    core.loop(0, use_poll, map, 3)
    duck.handle_write_event.assert_not_called()


def test_an_object_without_predicates_is_an_error(
    core: Any, pair: Pairs, map: Map, use_poll: bool
) -> None:
    map[pair()[0].fileno()] = object()
    for passes in (1, 3):
        with pytest.raises(AttributeError, match="readable"):
            core.loop(0, use_poll, map, passes)


def test_an_object_that_compares_oddly(pair: Pairs, use_poll: bool) -> None:
    """Whether an object was replaced in the map is not for its own ``==`` to decide."""
    map: Map = {}
    for _ in range(12):
        asyncore.dispatcher_with_send(pair()[0], map)
    base: Any = recorder(asyncore)

    class Equal(base):
        __hash__ = base.__hash__

        def __eq__(self, other: object) -> bool:
            return True

    ours, theirs = pair()
    seen: list[str] = []
    first = Equal(ours, map, "first", seen)
    second = Equal(ours, {}, "second", seen)

    def replace() -> None:
        map[ours.fileno()] = second
        theirs.send(b"2")

    first.on["read"] = replace
    theirs.send(b"1")
    asyncore.loop(0.02, use_poll, map, 10)
    assert seen == ["first read 1", "second read 2"]


def test_an_object_that_cannot_be_compared(
    core: Any, pair: Pairs, map: Map, use_poll: bool
) -> None:
    """As the truth of an array: the map is compared by identity then."""
    base: Any = recorder(core)

    class Incomparable(base):
        __hash__ = base.__hash__

        def __eq__(self, other: object) -> bool:
            raise ValueError("neither equal nor different")

    ours, theirs = pair()
    seen: list[str] = []
    first = Incomparable(ours, map, "first", seen)
    second = Incomparable(ours, {}, "second", seen)

    def replace() -> None:
        map[ours.fileno()] = second
        theirs.send(b"2")

    first.on["read"] = replace
    theirs.send(b"1")
    serve(core, map, lambda: len(seen) == 2, use_poll)
    assert seen == ["first read 1", "second read 2"]


def test_an_object_that_cannot_be_hashed(core: Any, pair: Pairs, map: Map, use_poll: bool) -> None:
    base: Any = recorder(core)

    class Unhashable(base):
        __hash__: Any = None

        def __eq__(self, other: object) -> bool:
            return self is other

    ours, theirs = pair()
    channel = Unhashable(ours, map)
    theirs.send(b"x")
    core.loop(0, use_poll, map, 3)
    assert channel.seen == ["read x"]
