"""A change that nothing announced is noticed, by an audit at the latest."""

# mypy: disallow-subclassing-any=False

import time
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest

from miniloop.compat import asyncore
from tests.compat.conftest import Pair
from tests.compat.serving import recorder, serve

Pairs = Callable[[], Pair]
Map = dict[int, Any]


def test_connected_is_reset_from_outside(
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


def test_a_buffer_is_filled_from_outside(
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
def test_a_queue_is_filled_or_replaced_from_outside(
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


def test_a_predicate_is_set_on_an_instance_later(
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


def test_a_predicate_is_set_on_the_class_later(
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


def test_stock_predicates_replaced_on_asyncores_own_class(
    core: Any, pair: Pairs, map: Map, use_poll: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """gevent-like patches, and tests, replace methods of the base class itself."""
    asked: list[object] = []
    monkeypatch.setattr(core.dispatcher, "writable", lambda self: asked.append(self))
    channel = core.dispatcher(pair()[0], map)
    core.loop(0, use_poll, map, 4)
    assert asked == [channel] * 4


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
