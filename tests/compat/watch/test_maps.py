"""The map is the program's: whatever is changed in it inside a handler is followed."""

import socket
from collections.abc import Callable
from typing import Any

import pytest

from miniloop.compat import asynchat, asyncore
from tests.compat.conftest import Pair
from tests.compat.serving import after, recorder, serve

Pairs = Callable[[], Pair]
Map = dict[int, Any]


def test_order_of_delivery_is_the_maps(core: Any, map: Map, trio: Any, use_poll: bool) -> None:
    seen, channels, theirs = trio
    map[channels[0].socket.fileno()] = map.pop(channels[0].socket.fileno())  # now the last
    core.loop(0, use_poll, map, 3)
    assert seen == ["b read 1", "c read 1", "a read 1"]
    for peer in theirs:
        peer.send(b"2")
    core.loop(0, use_poll, map, 2)
    assert seen[3:] == ["b read 2", "c read 2", "a read 2"]


@pytest.mark.parametrize("names", ["ab", "abcd"])
def test_the_order_is_the_maps_among_stock_and_overridden_predicates(
    core: Any, pair: Pairs, map: Map, use_poll: bool, names: str
) -> None:
    seen: list[str] = []

    def on_read(name: str, ours: socket.socket) -> Callable[[], None]:
        return lambda: seen.append(f"{name} {ours.recv(9).decode()}")

    for at, name in enumerate(names):
        ours, theirs = pair()
        channel = core.dispatcher_with_send(ours, map)
        channel.handle_read = on_read(name, ours)
        if at % 2:
            channel.readable = lambda: True
        theirs.send(b"1")
    core.loop(0, use_poll, map, 2)
    assert seen == [f"{name} 1" for name in names]


def test_deleted_in_a_handler_nothing_is_delivered(
    core: Any, map: Map, trio: Any, use_poll: bool
) -> None:
    seen, channels, _ = trio
    channels[0].on["read"] = lambda: map.pop(channels[1].socket.fileno())
    core.loop(0, use_poll, map, 3)
    assert seen == ["a read 1", "c read 1"]


def test_cleared_in_a_handler_the_loop_ends(core: Any, map: Map, trio: Any, use_poll: bool) -> None:
    seen, channels, _ = trio
    channels[0].on["read"] = map.clear
    core.loop(30, use_poll, map)
    assert seen == ["a read 1"]


def test_added_in_a_handler_it_is_served_in_the_next_pass(
    core: Any, pair: Pairs, map: Map, trio: Any, use_poll: bool
) -> None:
    seen, channels, _ = trio
    ours, theirs = pair()
    theirs.send(b"1")
    channels[0].on["read"] = lambda: recorder(core)(ours, map, "d", seen)
    core.loop(0, use_poll, map, 2)
    assert seen == ["a read 1", "b read 1", "c read 1", "d read 1"]


def test_added_by_hand_in_a_handler(
    core: Any, pair: Pairs, map: Map, trio: Any, use_poll: bool
) -> None:
    seen, channels, _ = trio
    ours, theirs = pair()
    theirs.send(b"1")
    other: Map = {}
    late = recorder(core)(ours, other, "d", seen)
    channels[0].on["read"] = lambda: map.update({ours.fileno(): late})
    core.loop(0, use_poll, map, 2)
    assert seen == ["a read 1", "b read 1", "c read 1", "d read 1"]


def test_replaced_by_hand_in_a_handler_the_newcomer_is_served(
    core: Any, map: Map, trio: Any, use_poll: bool
) -> None:
    seen, channels, _ = trio
    sock = channels[1].socket
    other: Map = {}
    newcomer = recorder(core)(sock, other, "new", seen)
    channels[0].on["read"] = lambda: map.update({sock.fileno(): newcomer})
    core.loop(0, use_poll, map, 3)
    assert sorted(seen) == ["a read 1", "c read 1", "new read 1"]


def test_replaced_by_hand_in_a_handler_the_newcomer_gets_the_event_a_pass_later(
    pair: Pairs, use_poll: bool
) -> None:
    """The original gave it the other's event in the same pass."""
    map: Map = {}
    for _ in range(12):
        asyncore.dispatcher_with_send(pair()[0], map)
    (ours, theirs), (sock, peer) = pair(), pair()
    seen: list[str] = []
    first = recorder(asyncore)(ours, map, "a", seen)
    recorder(asyncore)(sock, map, "b", seen)
    newcomer = recorder(asyncore)(sock, {}, "new", seen)
    first.on["read"] = lambda: (map.update({sock.fileno(): newcomer}), theirs.send(b"2"))
    theirs.send(b"1")
    peer.send(b"1")
    asyncore.loop(0, use_poll, map, 2)
    assert sorted(seen) == ["a read 1", "a read 2", "new read 1"]
    assert seen[0] == "a read 1"


def test_two_dispatchers_on_one_descriptor_in_turn(
    core: Any, pair: Pairs, map: Map, use_poll: bool
) -> None:
    """The protocol changes: another object takes over the socket inside a handler."""
    ours, theirs = pair()
    seen: list[str] = []
    first = recorder(core)(ours, map, "first", seen)

    def hand_over() -> None:
        first.del_channel()
        recorder(core)(ours, map, "second", seen)
        theirs.send(b"2")

    first.on["read"] = hand_over
    theirs.send(b"1")
    serve(core, map, lambda: len(seen) == 2, use_poll)
    assert seen == ["first read 1", "second read 2"]


def test_a_map_that_is_no_plain_dict(core: Any, pair: Pairs, use_poll: bool) -> None:
    from collections import OrderedDict

    ours, theirs = pair()
    map: Map = OrderedDict()
    channel = recorder(core)(ours, map)
    theirs.send(b"x")
    core.loop(0, use_poll, map, 3)
    assert channel.seen == ["read x"]


def test_nothing_of_a_finished_loop_is_kept(pair: Pairs) -> None:
    """Channels and maps are freed when the program forgets them."""
    import gc
    import weakref

    ours, _ = pair()
    map: Map = {}
    channel: Any = asynchat.async_chat(ours, map)
    gone = weakref.ref(channel)
    asyncore.loop(0, True, map, 3)
    serve(asyncore, map, after(2), timeout=0)
    map.clear()
    del channel
    gc.collect()
    assert gone() is None
