"""What ``loop()`` notices although it does not ask everybody on every pass.

A test that takes ``core`` runs on CPython's asyncore too, which does ask everybody.
"""

# mypy: disallow-subclassing-any=False

import errno
import os
import socket
import time
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest

from miniloop.compat import asynchat, asyncore
from tests.compat.conftest import Pair
from tests.compat.serving import after, recorder, serve

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


# -- changes that nobody announced -----------------------------------------------------------------


def test_connected_taken_back_by_somebody_else(
    core: Any, pair: Pairs, map: Map, use_poll: bool, ticking: Any
) -> None:
    """``writable()`` of the stock class looks at ``connected``, which anybody may set."""
    base: Any = core.dispatcher_with_send
    writes: list[int] = []

    class Sending(base):
        def handle_write(self) -> None:
            writes.append(1)

    channel = Sending(pair()[0], map)
    ticks = iter(range(10**9))

    def tick() -> None:
        if next(ticks) == 5:
            channel.connected = False

    ticking(tick)
    serve(core, map, lambda: writes, use_poll, timeout=0)


def test_a_buffer_filled_by_somebody_else(
    core: Any, pair: Pairs, map: Map, use_poll: bool, ticking: Any
) -> None:
    ours, theirs = pair()
    channel = core.dispatcher_with_send(ours, map)
    ticks = iter(range(10**9))

    def tick() -> None:
        if next(ticks) == 5:
            channel.out_buffer = b"quietly"

    ticking(tick)
    serve(core, map, lambda: not channel.out_buffer and next(ticks) > 6, use_poll, timeout=0)
    assert theirs.recv(10) == b"quietly"


@pytest.mark.parametrize("change", ["append", "replace"])
def test_a_queue_filled_or_replaced_by_somebody_else(
    chat: Any, core: Any, pair: Pairs, map: Map, use_poll: bool, ticking: Any, change: str
) -> None:
    from collections import deque

    ours, theirs = pair()
    channel = chat.async_chat(ours, map)
    ticks = iter(range(10**9))

    def tick() -> None:
        if next(ticks) == 5:
            if change == "append":
                channel.producer_fifo.append(b"quietly")
            else:
                channel.producer_fifo = deque([b"quietly"])

    ticking(tick)
    serve(core, map, lambda: not channel.producer_fifo and next(ticks) > 6, use_poll, timeout=0)
    assert theirs.recv(10) == b"quietly"


def test_a_silent_change_is_noticed_without_any_further_event(pair: Pairs, use_poll: bool) -> None:
    """One handler changes another channel; then nothing happens in a long wait."""
    map: Map = {}
    (ours, theirs), (other, peer) = pair(), pair()
    channel = asyncore.dispatcher_with_send(other, map)
    waker = recorder(asyncore)(ours, map)

    def change() -> None:
        channel.out_buffer = b"quietly"
        waker.close()

    waker.on["read"] = change
    written: list[bytes] = []

    class Leaving(asyncore.dispatcher_with_send):
        def handle_write(self) -> None:
            self.initiate_send()
            written.append(peer.recv(10))
            raise asyncore.ExitNow

    channel.__class__ = Leaving
    theirs.send(b"go")
    started = time.monotonic()
    with pytest.raises(asyncore.ExitNow):
        asyncore.loop(15, use_poll, map)
    assert written == [b"quietly"]
    assert time.monotonic() - started < 10


def test_a_predicate_set_on_an_instance_later(
    core: Any, pair: Pairs, map: Map, use_poll: bool, ticking: Any
) -> None:
    channel = core.dispatcher_with_send(pair()[0], map)
    asked: list[int] = []
    ticks = iter(range(10**9))

    def answer() -> bool:
        asked.append(1)
        return False

    def tick() -> None:
        if next(ticks) == 5:
            channel.writable = answer

    ticking(tick)
    serve(core, map, lambda: len(asked) >= 10, use_poll, timeout=0)


def test_a_predicate_set_on_the_class_later(
    core: Any, pair: Pairs, map: Map, use_poll: bool, ticking: Any
) -> None:
    base: Any = core.dispatcher_with_send
    asked: list[int] = []

    class Own(base):
        pass

    Own(pair()[0], map)
    own: Any = Own
    ticks = iter(range(10**9))

    def tick() -> None:
        if next(ticks) == 5:
            own.writable = lambda self: asked.append(1)

    ticking(tick)
    serve(core, map, lambda: len(asked) >= 10, use_poll, timeout=0)


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


# -- the map, changed by its owner inside handlers -------------------------------------------------


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


def test_order_of_delivery_is_the_maps(core: Any, map: Map, trio: Any, use_poll: bool) -> None:
    seen, channels, theirs = trio
    map[channels[0].socket.fileno()] = map.pop(channels[0].socket.fileno())  # now the last
    core.loop(0, use_poll, map, 3)
    assert seen == ["b read 1", "c read 1", "a read 1"]
    for peer in theirs:
        peer.send(b"2")
    core.loop(0, use_poll, map, 2)
    assert seen[3:] == ["b read 2", "c read 2", "a read 2"]


def test_stock_classes_and_overriders_are_delivered_to_in_the_maps_order(
    core: Any, pair: Pairs, map: Map, use_poll: bool
) -> None:
    seen: list[str] = []

    def on_read(name: str, ours: socket.socket) -> Callable[[], None]:
        return lambda: seen.append(f"{name} {ours.recv(9).decode()}")

    for at, name in enumerate("abcd"):
        ours, theirs = pair()
        channel = core.dispatcher_with_send(ours, map)
        channel.handle_read = on_read(name, ours)
        if at % 2:
            channel.readable = lambda: True
        theirs.send(b"1")
    core.loop(0, use_poll, map, 2)
    assert seen == ["a 1", "b 1", "c 1", "d 1"]


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


# -- loops inside loops ----------------------------------------------------------------------------


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


# -- descriptors closed or replaced behind our back ------------------------------------------------


def test_closed_behind_its_back_in_select_mode(core: Any, pair: Pairs, map: Map) -> None:
    (ours, theirs), (other, _) = pair(), pair()
    victim = recorder(core)(other, map)
    culprit = recorder(core)(ours, map)
    number = other.fileno()
    culprit.on["read"] = other.close
    theirs.send(b"x")
    with pytest.raises(OSError, match="Bad file") as caught:
        core.loop(5, False, map)
    assert caught.value.errno == errno.EBADF
    assert map[number] is victim
    assert victim.seen == []
    del map[number]
    theirs.send(b"y")
    serve(core, map, lambda: culprit.seen == ["read x", "read y"])


def test_closed_behind_its_back_in_poll_mode(core: Any, pair: Pairs, map: Map) -> None:
    (ours, theirs), (other, _) = pair(), pair()
    victim, culprit = recorder(core)(other, map), recorder(core)(ours, map)
    culprit.on["read"] = other.close
    theirs.send(b"x")
    serve(core, map, lambda: victim.seen, use_poll=True)
    assert victim.seen == ["close"]
    assert culprit in map.values()
    assert victim not in map.values()


def test_replaced_by_dup2_behind_its_back(
    core: Any, pair: Pairs, map: Map, use_poll: bool, ticking: Any
) -> None:
    (ours, theirs), (other, peer) = pair(), pair()
    channel = recorder(core)(ours, map)
    ticks = iter(range(10**9))

    def tick() -> None:
        if next(ticks) == 3:
            os.dup2(other.fileno(), ours.fileno())

    ticking(tick)
    peer.send(b"x")
    serve(core, map, lambda: channel.seen, use_poll, timeout=0)
    assert channel.seen == ["read x"]
    assert theirs.recv(1) == b""  # its other end is closed by now


# -- leaving the loop ------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, "ExitNow"])
def test_the_way_out_of_the_loop(
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
def test_every_other_exception_is_handle_errors(
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


def test_after_a_failed_predicate_everybody_is_asked_as_before(
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


# -- duck-typed objects ----------------------------------------------------------------------------


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
    """Whether the owner replaced somebody is not for that object's own ``==`` to say."""
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


def test_a_map_that_is_no_plain_dict(core: Any, pair: Pairs, use_poll: bool) -> None:
    from collections import OrderedDict

    ours, theirs = pair()
    map: Map = OrderedDict()
    channel = recorder(core)(ours, map)
    theirs.send(b"x")
    core.loop(0, use_poll, map, 3)
    assert channel.seen == ["read x"]


# -- timeouts --------------------------------------------------------------------------------------


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
def test_nobody_wants_anything_and_the_timeout_is_none_to_sleep(
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


# -- replaced names --------------------------------------------------------------------------------


def test_names_replaced_while_the_loop_runs(
    core: Any, pair: Pairs, map: Map, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A test that patches ``asyncore.select`` in a handler sees the next pass use it."""
    import select
    from types import SimpleNamespace

    ours, theirs = pair()
    channel = recorder(core)(ours, map)
    fake = mock.Mock(wraps=select.select)
    channel.on["read"] = lambda: monkeypatch.setattr(core, "select", SimpleNamespace(select=fake))
    theirs.send(b"x")
    core.loop(0, False, map, 4)
    assert fake.call_count == 3


def test_stock_predicates_replaced_on_asyncores_own_class(
    core: Any, pair: Pairs, map: Map, use_poll: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """gevent-like patches, and tests, replace methods of the base class itself."""
    asked: list[object] = []
    monkeypatch.setattr(core.dispatcher, "writable", lambda self: asked.append(self))
    channel = core.dispatcher(pair()[0], map)
    core.loop(0, use_poll, map, 4)
    assert asked == [channel] * 4


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
