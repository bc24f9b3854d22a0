"""The queue of an async_chat: a deque in every respect, and growth by any method is noticed."""

import copy
import gc
import pickle
import weakref
from collections import deque
from collections.abc import Callable
from typing import Any

import pytest

from tests.compat.conftest import Pair
from tests.compat.serving import serve

Pairs = Callable[[], Pair]
Map = dict[int, Any]

GROWTH: dict[str, Callable[[Any], object]] = {
    "append": lambda fifo: fifo.append(b"x"),
    "appendleft": lambda fifo: fifo.appendleft(b"x"),
    "extend": lambda fifo: fifo.extend([b"x"]),
    "extendleft": lambda fifo: fifo.extendleft([b"x"]),
    "insert": lambda fifo: fifo.insert(0, b"x"),
    "iadd": lambda fifo: fifo.__iadd__([b"x"]),
    "deque.append": lambda fifo: deque.append(fifo, b"x"),
}


@pytest.mark.parametrize("name", GROWTH)
def test_growth_of_a_silent_channels_queue_is_sent(
    monkeypatch: pytest.MonkeyPatch,
    chat: Any,
    core: Any,
    pair: Pairs,
    map: Map,
    use_poll: bool,
    name: str,
) -> None:
    """A handler of one channel puts something into another's queue.

    The queue reports it before the next wait; only what bypasses its methods is for an audit.
    """
    if name != "deque.append":
        monkeypatch.setattr("miniloop.compat.watch.AUDIT_PAUSE", 1000.0)
    ours, theirs = pair()
    silent = chat.async_chat(ours, map)
    for _ in range(8):
        chat.async_chat(pair()[0], map)
    other, peer = pair()
    waker = chat.async_chat(other, map)
    waker.terminator = None
    waker.collect_incoming_data = lambda data: GROWTH[name](silent.producer_fifo)
    received: list[bytes] = []

    def done() -> bool:
        try:
            received.append(theirs.recv(10))
        except BlockingIOError:
            return False
        return True

    peer.send(b"go")
    serve(core, map, done, use_poll)
    assert received == [b"x"]


def test_the_fifo_is_a_deque_in_every_respect(chat: Any) -> None:
    fifo = chat.async_chat().producer_fifo
    fifo += [b"1", b"2"]
    fifo.insert(1, b"x")
    fifo.appendleft(b"0")
    assert fifo == deque([b"0", b"1", b"x", b"2"])
    assert (fifo.popleft(), fifo.pop()) == (b"0", b"2")
    del fifo[0]
    fifo[0] = b"y"
    fifo.rotate(1)
    assert list(fifo + deque([b"z"])) == [b"y", b"z"]
    assert list(copy.copy(fifo)) == list(fifo.copy()) == [b"y"]
    fifo.clear()
    assert not fifo


def test_the_fifo_can_be_pickled_and_copied_deeply(chat: Any) -> None:
    fifo = chat.async_chat().producer_fifo
    fifo.append(b"y")
    assert list(copy.deepcopy(fifo)) == list(pickle.loads(pickle.dumps(fifo))) == [b"y"]


def test_a_channel_is_freed_with_its_last_reference(chat: Any) -> None:
    gc.collect()
    gc.disable()
    try:
        channel = chat.async_chat()
        gone, fifo = weakref.ref(channel), channel.producer_fifo
        del channel
        assert gone() is None
        fifo.append(b"unsent")
    finally:
        gc.enable()


def test_a_subclass_may_use_another_queue(chat: Any, core: Any, pair: Pairs, map: Map) -> None:
    ours, theirs = pair()
    channel = chat.async_chat(ours, map)
    channel.producer_fifo = deque()
    channel.push(b"1")
    channel.producer_fifo.append(b"2")
    core.loop(0, False, map, 2)
    assert theirs.recv(10) == b"12"
