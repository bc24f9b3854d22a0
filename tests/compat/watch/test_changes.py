"""A change that nothing announced is noticed, by an audit at the latest."""

import select
import time
from collections import deque
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest

from miniloop.compat import asyncore
from tests.compat.conftest import Pair
from tests.compat.serving import recorder, serve

Pairs = Callable[[], Pair]
Map = dict[int, Any]


def test_connected_is_reset_from_outside(
    core: Any, pair: Pairs, map: Map, use_poll: bool, later: Any
) -> None:
    """``writable()`` of the stock class depends on ``connected``, which any code may set."""
    channel = recorder(core)(pair()[0], map)
    later(lambda: setattr(channel, "connected", False))
    serve(core, map, lambda: channel.seen, use_poll, timeout=0)
    assert channel.seen[0] == "write"


def test_a_buffer_is_filled_from_outside(
    core: Any, pair: Pairs, map: Map, use_poll: bool, later: Any
) -> None:
    ours, theirs = pair()
    channel = core.dispatcher_with_send(ours, map)
    change = later(lambda: setattr(channel, "out_buffer", b"quietly"))
    serve(core, map, lambda: change.happened and not channel.out_buffer, use_poll, timeout=0)
    assert theirs.recv(10) == b"quietly"


@pytest.mark.parametrize("way", ["append", "replace"])
def test_a_queue_is_filled_or_replaced_from_outside(
    chat: Any, core: Any, pair: Pairs, map: Map, use_poll: bool, later: Any, way: str
) -> None:
    ours, theirs = pair()
    channel = chat.async_chat(ours, map)
    if way == "append":
        change = later(lambda: channel.producer_fifo.append(b"quietly"))
    else:
        change = later(lambda: setattr(channel, "producer_fifo", deque([b"quietly"])))
    serve(core, map, lambda: change.happened and not channel.producer_fifo, use_poll, timeout=0)
    assert theirs.recv(10) == b"quietly"


def test_a_handler_changes_its_own_channel(
    core: Any, pair: Pairs, map: Map, use_poll: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next pass sees it, and no audit is needed: an object is asked after its event."""
    monkeypatch.setattr("miniloop.compat.watch.AUDIT_PAUSE", 1000.0)
    ours, theirs = pair()
    channel = recorder(core)(ours, map)
    channel.handle_write = channel.initiate_send
    channel.on["read"] = lambda: setattr(channel, "out_buffer", b"quietly")
    theirs.send(b"x")
    core.loop(0, use_poll, map, 12)
    assert theirs.recv(10) == b"quietly"


def test_a_queue_is_emptied_from_outside(
    chat: Any, core: Any, pair: Pairs, map: Map, use_poll: bool, later: Any
) -> None:
    """There is no write event then, though the channel waited for one."""
    ours, theirs = pair()
    channel = chat.async_chat(ours, map)
    written: list[int] = []
    channel.handle_write = lambda: written.append(1)

    def leave_output() -> None:
        while not channel.producer_fifo:
            channel.push(b"x" * 65536)

    def make_room() -> None:
        channel.discard_buffers()
        while True:
            try:
                theirs.recv(1 << 20)
            except BlockingIOError:
                return

    leave_output()
    change = later(make_room)
    serve(core, map, lambda: change.happened and change.passes > 10, use_poll, timeout=0)
    assert written == []


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
    core: Any, pair: Pairs, map: Map, use_poll: bool, later: Any
) -> None:
    channel = core.dispatcher_with_send(pair()[0], map)
    asked: list[int] = []
    later(lambda: setattr(channel, "writable", lambda: asked.append(1)))
    serve(core, map, lambda: len(asked) >= 10, use_poll, timeout=0)


def test_a_predicate_is_set_on_the_class_later(
    core: Any, pair: Pairs, map: Map, use_poll: bool, later: Any
) -> None:
    own: Any = type("Own", (core.dispatcher_with_send,), {})
    own(pair()[0], map)
    asked: list[int] = []
    later(lambda: setattr(own, "writable", lambda self: asked.append(1)))
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
    ours, theirs = pair()
    channel = recorder(core)(ours, map)
    fake = mock.Mock(wraps=select.select)
    channel.on["read"] = lambda: monkeypatch.setattr(core, "select", SimpleNamespace(select=fake))
    theirs.send(b"x")
    core.loop(0, False, map, 4)
    assert fake.call_count == 3
