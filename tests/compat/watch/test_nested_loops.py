"""Loops and passes inside a handler."""

from collections.abc import Callable
from typing import Any

from tests.compat.conftest import Pair
from tests.compat.serving import recorder, serve

Pairs = Callable[[], Pair]
Map = dict[int, Any]


def test_nested_loop_on_the_same_map(core: Any, map: Map, trio: Any, use_poll: bool) -> None:
    """Programs call ``loop(count=1)``, or a few passes, from inside a handler to make progress."""
    seen, channels, theirs = trio

    def nest() -> None:
        channels[0].on.clear()
        seen.append("in")
        core.loop(0, use_poll, map, 2)
        seen.append("out")

    channels[0].on["read"] = nest
    channels[1].on["read"] = channels[2].on["read"] = lambda: None
    serve(core, map, lambda: len(seen) >= 5, use_poll)
    theirs[2].send(b"2")
    serve(core, map, lambda: "c read 2" in seen, use_poll)
    assert seen == ["a read 1", "in", "b read 1", "c read 1", "out", "c read 2"]


def test_nested_loop_on_another_map(core: Any, pair: Pairs, map: Map, use_poll: bool) -> None:
    (ours, theirs), (other, peer) = pair(), pair()
    seen: list[str] = []
    outer = recorder(core)(ours, map, "outer", seen)
    inner_map: Map = {}
    inner = recorder(core)(other, inner_map, "inner", seen)
    inner.on["read"] = inner.close
    outer.on["read"] = lambda: core.loop(5, use_poll, inner_map)
    theirs.send(b"1")
    peer.send(b"1")
    serve(core, map, lambda: seen, use_poll)
    assert seen == ["outer read 1", "inner read 1"]
    outer.on.clear()
    theirs.send(b"2")
    serve(core, map, lambda: len(seen) == 3, use_poll)
    assert seen[2] == "outer read 2"


def test_passes_by_hand_inside_a_handler(core: Any, map: Map, trio: Any) -> None:
    seen, channels, _ = trio
    channels[0].on["read"] = lambda: (channels[0].on.clear(), core.poll(0, map), core.poll2(0, map))
    core.loop(0, False, map, 3)
    assert seen == ["a read 1", "b read 1", "c read 1"]
