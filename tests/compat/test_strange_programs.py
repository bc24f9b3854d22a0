"""Unusual programs that CPython's modules served all the same."""

# mypy: disallow-subclassing-any=False

import os
import time
from collections import deque
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from tests.compat.conftest import Pair
from tests.compat.serving import recorder, serve
from tests.compat.test_asynchat import lines

Pairs = Callable[[], Pair]
Map = dict[int, Any]


@pytest.mark.parametrize("kind", [memoryview, bytearray])
def test_recv_returns_something_like_bytes(
    chat: Any, pair: Pairs, map: Map, kind: Callable[[bytes], Any]
) -> None:
    base: Any = lines(chat)

    class Decrypting(base):
        def recv(self, buffer_size: int) -> Any:
            return kind(base.recv(self, buffer_size))

        def collect_incoming_data(self, data: Any) -> None:
            assert type(data) is bytes
            base.collect_incoming_data(self, data)

    ours, theirs = pair()
    channel = Decrypting(ours, map)
    theirs.send(b"one\ntwo\n")
    channel.handle_read()
    assert channel.lines == [b"one", b"two"]


def test_a_handler_empties_the_buffer_and_reads_on(chat: Any, pair: Pairs, map: Map) -> None:
    """What comes then is new, and none of it is skipped."""
    base: Any = lines(chat)

    class Impatient(base):
        def collect_incoming_data(self, data: bytes) -> None:
            base.collect_incoming_data(self, data)
            if data == b"too long":
                self.ac_in_buffer = b""

        def found_terminator(self) -> None:
            base.found_terminator(self)
            if self.lines[-1] == b"too long":
                theirs.send(b"abcdefghijkl\n")
                self.handle_read()

    ours, theirs = pair()
    channel = Impatient(ours, map)
    theirs.send(b"too long\nrest\n")
    channel.handle_read()
    assert channel.lines == [b"too long", b"abcdefghijkl"]


def test_a_queue_that_has_no_more_than_is_needed(chat: Any, pair: Pairs, map: Map) -> None:
    class Queue:
        def __init__(self) -> None:
            self.items: list[bytes] = []

        def append(self, item: bytes) -> None:
            self.items.append(item)

        def __bool__(self) -> bool:
            return bool(self.items)

        def __getitem__(self, at: int) -> bytes:
            return self.items[at]

        def __delitem__(self, at: int) -> None:
            del self.items[at]

    ours, theirs = pair()
    channel = lines(chat)(ours, map)
    channel.producer_fifo, channel.ac_out_buffer_size = Queue(), 3
    channel.push(b"abcdefgh")
    while channel.writable():
        channel.handle_write()
    assert theirs.recv(100) == b"abcdefgh"


def test_a_queue_with_an_owner_of_its_own_idea(
    chat: Any, core: Any, pair: Pairs, map: Map, use_poll: bool
) -> None:
    class Queue(deque[Any]):
        owner = "the accounting department"

    ours, theirs = pair()
    channel = lines(chat)(ours, map)
    channel.producer_fifo = Queue([b"x"])
    serve(core, map, lambda: not channel.producer_fifo, use_poll)
    assert theirs.recv(10) == b"x"


def test_a_getattr_that_raises_another_error(
    core: Any, pair: Pairs, map: Map, use_poll: bool
) -> None:
    base: Any = recorder(core)

    class Careless(base):
        def __getattr__(self, name: str) -> Any:
            return vars(self)[name]

    ours, theirs = pair()
    channel = Careless(ours, map)
    theirs.send(b"x")
    serve(core, map, lambda: channel.seen, use_poll)
    assert channel.seen == ["read x"]


@pytest.mark.parametrize("timeout", [2**31 / 1000, 1e9])
def test_a_timeout_of_years(core: Any, pair: Pairs, map: Map, timeout: float) -> None:
    """poll(2) cannot take what select(2) can."""
    ours, theirs = pair()
    channel = recorder(core)(ours, map)
    channel.on["read"] = channel.close
    theirs.send(b"x")
    core.loop(timeout, False, map)
    assert channel.seen == ["read x"]


def test_a_timeout_below_a_millisecond_is_not_made_one(core: Any, pair: Pairs, map: Map) -> None:
    recorder(core)(pair()[0], map)
    started = time.monotonic()
    core.loop(0.00001, False, map, 2000)
    assert time.monotonic() - started < 1.9


def test_poll2_by_hand_on_a_map_that_a_handler_emptied(core: Any, pair: Pairs, map: Map) -> None:
    ours, theirs = pair()
    channel = recorder(core)(ours, map)

    def leave() -> None:
        channel.close()
        core.poll2(60, map)

    channel.on["read"] = leave
    theirs.send(b"x")
    started = time.monotonic()
    core.loop(1, True, map)
    assert time.monotonic() - started < 30


def test_two_dispatchers_of_one_socket_the_first_one_closes_it(
    core: Any, pair: Pairs, map: Map
) -> None:
    """The second one goes too, or else a dead descriptor would stay in the map."""
    ours, _ = pair()
    first = core.dispatcher(ours, map)
    core.dispatcher(ours, map)
    first.close()
    assert map == {}


def test_a_map_of_the_programs_own_class_sees_each_removal(core: Any, pair: Pairs) -> None:
    class Careful(dict[int, Any]):
        def __delitem__(self, fd: int) -> None:
            assert self[fd]._fileno == fd
            dict.__delitem__(self, fd)

    map = Careful()
    core.dispatcher(pair()[0], map).close()
    assert map == {}


def test_replaced_by_hand_among_stock_members_the_order_is_the_maps(
    core: Any, pair: Pairs, map: Map, use_poll: bool
) -> None:
    seen: list[str] = []
    pairs = [pair() for _ in range(4)]
    members = [recorder(core)(ours, map, str(at), seen) for at, (ours, _) in enumerate(pairs)]
    newcomer = recorder(core)(None, map, "new", seen)

    def replace() -> None:
        newcomer.socket = members[0].socket
        newcomer._fileno = members[0]._fileno
        newcomer.connected = True
        map[newcomer._fileno] = newcomer
        for _, theirs in pairs:
            theirs.send(b"x")

    members[3].on["read"] = replace
    pairs[3][1].send(b"y")
    core.loop(0, use_poll, map, 1.5)
    del members[3].on["read"]
    assert seen == ["3 read y", "new read x", "1 read x", "2 read x", "3 read x"]


# -- names replaced in asyncore --------------------------------------------------------------------


def test_compact_traceback_is_looked_up_when_called(
    core: Any, map: Map, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core, "compact_traceback", lambda: (None, "kind", "error", "way"))
    logged: list[str] = []
    channel = core.dispatcher(None, map)
    channel.log_info = lambda message, type="info": logged.append(message)
    channel.handle_error()
    assert logged[0].endswith("(kind:error way)")


@pytest.mark.parametrize("name", ["recv", "send"])
def test_the_errors_of_lost_connections_are_looked_up_when_called(
    core: Any, map: Map, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def fail(_: object) -> None:
        raise OSError(12345, "a strange network")

    channel = recorder(core)(None, map)
    channel.socket = SimpleNamespace(recv=fail, send=fail, close=int)
    with pytest.raises(OSError, match="strange"):
        getattr(core.dispatcher, name)(channel, b"")
    monkeypatch.setattr(core, "_DISCONNECTED", core._DISCONNECTED | {12345})
    getattr(core.dispatcher, name)(channel, b"")
    assert channel.seen == ["close"]


def test_strerror_is_looked_up_when_called(
    core: Any, map: Map, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core, "_strerror", lambda number: "in our language")
    channel = recorder(core)(None, map)
    channel.socket = SimpleNamespace(getsockopt=lambda *_: 111, close=int)
    with pytest.raises(OSError, match="in our language"):
        channel.handle_connect_event()


def test_file_wrapper_is_looked_up_when_called(
    core: Any, map: Map, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Wrapper(core.file_wrapper):
        pass

    monkeypatch.setattr(core, "file_wrapper", Wrapper)
    reading, writing = os.pipe()
    channel = core.file_dispatcher(reading, map)
    assert type(channel.socket) is Wrapper
    channel.close()
    os.close(reading)
    os.close(writing)


def test_a_pipe_hung_up_on_does_not_keep_select_awake(core: Any, map: Map) -> None:
    """select(2) does not mean a hang-up by "writable", and poll(2) reports one unasked."""
    reader, writer = os.pipe()
    os.close(writer)

    class Paused(core.file_dispatcher):
        def readable(self) -> bool:
            return False

        def handle_write(self) -> None:
            raise AssertionError("nothing can be written into the reading end")

    channel = Paused(reader, map)
    os.close(reader)
    started = time.monotonic()
    core.loop(0.01, False, map, 20)
    waited = time.monotonic() - started
    channel.close()
    assert waited > 0.1  # 20 times 0.01 seconds, but for those passes that found out
