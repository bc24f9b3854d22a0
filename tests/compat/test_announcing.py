"""What announces changes: the empty out_buffer, and the queue of an async_chat.

In all else they are bytes and a deque.
"""

import copy
import gc
import pickle
import threading
import weakref
from collections import deque
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest

from miniloop.compat import asyncore
from miniloop.compat.announcing import arm, listeners
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


def set_up(peer: Any, data: bytes) -> None:
    """As in a proxy that leaves the sending to the loop."""
    peer.out_buffer += data


def in_a_thread(peer: Any, data: bytes) -> None:
    thread = threading.Thread(target=set_up, args=(peer, data))
    thread.start()
    thread.join()


def replace_the_queue(peer: Any, data: bytes) -> None:
    peer.producer_fifo = deque([data])


BUFFERED: dict[str, Callable[[Any, bytes], object]] = {
    "+=": set_up,
    "=": lambda peer, data: setattr(peer, "out_buffer", data),
    "vars": lambda peer, data: vars(peer).update(out_buffer=data),
    "a thread": in_a_thread,
    "an overridden send()": lambda peer, data: peer.send(data),
    "a bytearray": lambda peer, data: setattr(peer, "out_buffer", bytearray(data)),
}


@pytest.mark.parametrize("way", BUFFERED)
def test_what_another_object_puts_into_an_out_buffer_is_sent(
    monkeypatch: pytest.MonkeyPatch, core: Any, pair: Pairs, map: Map, use_poll: bool, way: str
) -> None:
    """Twice, and each time before the next wait: no audit helps."""
    monkeypatch.setattr("miniloop.compat.watch.AUDIT_PAUSE", 1000.0)

    class Half(core.dispatcher_with_send):  # type: ignore[misc]  # Any: one of two implementations
        peer: Any = None

        def send(self, data: bytes) -> None:
            self.out_buffer += data

        def handle_read(self) -> None:
            BUFFERED[way](self.peer, self.recv(100))

    (a, client), (b, server) = pair(), pair()
    left, right = Half(a, map), Half(b, map)
    left.peer, right.peer = right, left
    for _ in range(25):
        core.dispatcher_with_send(pair()[0], map)
    for question, answer in ((b"1", b"2"), (b"3", b"4")):
        client.send(question)
        core.loop(0, use_poll, map, 12)
        assert server.recv(10) == question
        server.send(answer)
        core.loop(0, use_poll, map, 12)
        assert client.recv(10) == answer


def test_a_buffer_that_is_changed_in_place_is_seen(
    monkeypatch: pytest.MonkeyPatch, core: Any, pair: Pairs, map: Map, use_poll: bool, later: Any
) -> None:
    """An object with a bytearray is asked on every pass: its growth announces nothing."""
    monkeypatch.setattr("miniloop.compat.watch.AUDIT_PAUSE", 1000.0)
    ours, theirs = pair()
    channel = core.dispatcher_with_send(ours, map)
    channel.out_buffer = bytearray()
    change = later(lambda: channel.out_buffer.extend(b"quietly"))
    serve(core, map, lambda: change.happened and not channel.out_buffer, use_poll, timeout=0)
    assert theirs.recv(10) == b"quietly"


def test_a_queue_that_is_replaced_is_seen(
    monkeypatch: pytest.MonkeyPatch,
    chat: Any,
    core: Any,
    pair: Pairs,
    map: Map,
    use_poll: bool,
    later: Any,
) -> None:
    """And so is what its successor gets, which announces nothing."""
    monkeypatch.setattr("miniloop.compat.watch.AUDIT_PAUSE", 1000.0)
    ours, theirs = pair()
    channel = chat.async_chat(ours, map)
    change = later(lambda: replace_the_queue(channel, b"1"))
    serve(core, map, lambda: change.happened and not channel.producer_fifo, use_poll, timeout=0)
    change = later(lambda: channel.producer_fifo.append(b"2"))
    serve(core, map, lambda: change.happened and not channel.producer_fifo, use_poll, timeout=0)
    assert theirs.recv(10) == b"12"


def test_an_empty_buffer_is_bytes(core: Any, pair: Pairs, map: Map) -> None:
    channel = core.dispatcher_with_send(pair()[0], map)
    core.loop(0, False, map, 3)
    empty = channel.out_buffer
    assert (empty, repr(empty), len(empty), isinstance(empty, bytes)) == (b"", "b''", 0, True)
    for copied in (copy.copy(empty), copy.deepcopy(empty), pickle.loads(pickle.dumps(empty))):
        assert (type(copied), copied) == (bytes, b"")


def test_an_empty_buffer_keeps_no_channel_alive() -> None:
    channel = asyncore.dispatcher_with_send(None, {})
    assert arm(channel)
    gone, empty = weakref.ref(channel), channel.out_buffer
    del channel
    assert gone() is None
    del empty  # announces nothing


def test_a_buffer_that_is_put_back_says_nothing(pair: Pairs) -> None:
    """send() empties and fills it for each message; announcing each would cost a third of it."""
    ours, theirs = pair()
    channel = asyncore.dispatcher_with_send(ours, {})
    assert arm(channel)
    announced: list[Any] = []
    with mock.patch.dict(listeners, {0: lambda obj, classify: announced.append(obj)}):
        channel.send(b"1")
        assert (theirs.recv(10), announced) == (b"1", [])
        channel.out_buffer += b"2"
        assert announced == [channel]
        del announced[:]
        assert not arm(channel)
        assert announced == []
    channel.out_buffer = b""
    assert arm(channel)


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
