"""What surveyed programs lean on: ten facts of the drop-in layer's design, one section each.

A test that takes ``core``, ``chat`` or ``modules`` holds for CPython's own modules too and runs on
both; the others say where ours are kinder.
"""

# mypy: disallow-subclassing-any=False

import errno
import inspect
import os
import select
import socket
import time
from collections import deque
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest

from miniloop.compat import asyncore
from tests.compat.conftest import Pair
from tests.compat.originals import Modules
from tests.compat.serving import after, recorder, serve

Pairs = Callable[[], Pair]
Map = dict[int, Any]


class Duck:
    """No dispatcher, and yet a member of a map."""

    accepting = False

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.data = b""

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False

    def handle_read_event(self) -> None:
        self.data += self.sock.recv(100)


# -- 1. the map is a plain dict that the caller owns and mutates -----------------------------------


def test_1_the_global_map_is_a_plain_dict(core: Any) -> None:
    assert type(core.socket_map) is dict


def test_1_keys_are_int_descriptors(core: Any, pair: Pairs, map: Map) -> None:
    ours, _ = pair()
    channel = core.dispatcher(ours, map)
    assert map == {ours.fileno(): channel}
    assert type(next(iter(map))) is int


def test_1_who_is_put_in_by_hand_is_served(core: Any, pair: Pairs, map: Map) -> None:
    ours, theirs = pair()
    duck = map[ours.fileno()] = Duck(ours)
    theirs.send(b"hello")
    serve(core, map, lambda: duck.data == b"hello")


def test_1_who_is_taken_out_by_hand_is_left_alone(
    core: Any, pair: Pairs, map: Map, use_poll: bool
) -> None:
    (ours, theirs), (other, peer) = pair(), pair()
    gone, stays = recorder(core)(ours, map), recorder(core)(other, map)
    stays.on["read"] = lambda: map.pop(ours.fileno(), None)
    peer.send(b"1")
    serve(core, map, lambda: stays.seen, use_poll)
    theirs.send(b"unheard")
    peer.send(b"2")
    serve(core, map, lambda: len(stays.seen) == 2, use_poll)
    assert gone.seen == []


def test_1_values_may_be_mocks(core: Any, pair: Pairs, map: Map, use_poll: bool) -> None:
    ours, theirs = pair()
    duck = map[ours.fileno()] = mock.Mock()
    duck.writable.return_value = False
    duck.handle_read_event.side_effect = lambda: ours.recv(100)
    theirs.send(b"x")
    serve(core, map, lambda: duck.handle_read_event.called, use_poll)
    duck.handle_error.assert_not_called()
    assert len(duck.readable.mock_calls) >= 2


def test_1_the_same_descriptor_twice_the_last_one_wins(
    core: Any, pair: Pairs, map: Map, use_poll: bool
) -> None:
    ours, theirs = pair()
    first = recorder(core)(ours, map)
    second = recorder(core)(ours, map)
    assert map == {ours.fileno(): second}
    theirs.send(b"x")
    serve(core, map, lambda: second.seen, use_poll)
    assert first.seen == []


def test_1_the_global_map_is_looked_up_when_called(
    core: Any, pair: Pairs, monkeypatch: pytest.MonkeyPatch
) -> None:
    rebound: Map = {}
    monkeypatch.setattr(core, "socket_map", rebound)
    ours, theirs = pair()
    channel = recorder(core)(ours, None)
    assert list(rebound.values()) == [channel]
    theirs.send(b"x")
    core.poll()
    core.poll2()
    theirs.send(b"y")
    core.loop(0, count=2)
    assert channel.seen == ["read x", "read y"]
    core.close_all()
    assert rebound == {}
    assert ours.fileno() == -1


# -- 2. readable() and writable() are asked on every pass for classes that override them -----------


def test_2_overriders_are_asked_once_a_pass_in_the_maps_order(
    core: Any, pair: Pairs, map: Map, use_poll: bool
) -> None:
    asked: list[str] = []

    class Asked(core.dispatcher):
        def readable(self) -> bool:
            asked.append(f"{self.name} readable")
            return True

        def writable(self) -> bool:
            asked.append(f"{self.name} writable")
            return False

    for name in "ab":
        Asked(pair()[0], map).name = name
    core.loop(0, use_poll, map, 3)
    assert asked == ["a readable", "a writable", "b readable", "b writable"] * 3


def test_2_an_answer_that_changes_by_itself_counts_at_once(
    core: Any, pair: Pairs, map: Map, use_poll: bool
) -> None:
    base: Any = recorder(core)

    class Moody(base):
        passes = 0

        def readable(self) -> bool:
            self.passes += 1
            return bool(self.passes == 4)

    ours, theirs = pair()
    moody = Moody(ours, map)
    theirs.send(b"x")
    core.loop(0, use_poll, map, 3)
    assert moody.seen == []
    core.loop(0, use_poll, map, 2)
    assert moody.seen == ["read x"]


# -- 3. sockets are exchanged, and descriptors closed early and reused -----------------------------


class Wrapped:
    """What a TLS library makes of a socket; here it only counts."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock, self.received = sock, 0

    def recv(self, size: int) -> bytes:
        self.received += 1
        return self.sock.recv(size).swapcase()

    def fileno(self) -> int:
        return self.sock.fileno()

    def close(self) -> None:
        self.sock.close()


def test_3_the_socket_is_exchanged_on_a_live_channel(
    core: Any, pair: Pairs, map: Map, use_poll: bool
) -> None:
    ours, theirs = pair()
    channel = recorder(core)(ours, map)

    def wrap() -> None:
        channel.on.clear()
        channel.socket = Wrapped(ours)
        theirs.send(b"secret")

    channel.on["read"] = wrap
    theirs.send(b"starttls")
    serve(core, map, lambda: len(channel.seen) == 2, use_poll)
    assert channel.seen == ["read starttls", "read SECRET"]
    assert channel.socket.received == 1


def test_3_a_socket_with_another_descriptor_takes_over(
    core: Any, pair: Pairs, map: Map, use_poll: bool
) -> None:
    (ours, _), (other, peer) = pair(), pair()
    channel = recorder(core)(ours, map)
    channel.del_channel()
    channel.set_socket(other)
    assert map == {other.fileno(): channel}
    peer.send(b"x")
    serve(core, map, lambda: channel.seen == ["read x"], use_poll)


def test_3_set_socket_takes_anything_with_three_methods(core: Any, pair: Pairs, map: Map) -> None:
    ours, _ = pair()
    closed: list[bool] = []
    thing: Any = SimpleNamespace(
        fileno=ours.fileno, close=lambda: closed.append(True), getsockopt=lambda *_: 0
    )
    channel = recorder(core)(None, map)
    channel.set_socket(thing)
    assert map == {ours.fileno(): channel}
    channel.handle_expt_event()
    assert channel.seen == ["expt"]
    channel.close()
    assert closed == [True]
    assert map == {}


def test_3_a_descriptor_closed_before_del_channel(core: Any, pair: Pairs, map: Map) -> None:
    ours, _ = pair()
    channel = core.dispatcher(ours, map)
    ours.close()
    channel.close()
    assert map == {}
    assert channel._fileno is None


def reuse(number: int) -> socket.socket:
    """Open sockets until one has this number, and return it."""
    opened = []
    while True:
        sock = socket.socket()
        if sock.fileno() == number:
            break
        opened.append(sock)
    for other in opened:
        other.close()
    return sock


def test_3_never_unregister_who_reuses_the_descriptor(pair: Pairs, map: Map) -> None:
    """The original took the newcomer out of the map."""
    ours, _ = pair()
    late = asyncore.dispatcher(ours, map)
    number = ours.fileno()
    ours.close()
    newcomer = asyncore.dispatcher(reuse(number), map)
    late.close()
    assert map == {number: newcomer}
    newcomer.close()


def test_3_who_reuses_the_descriptor_inside_loop_goes_on_being_served(
    pair: Pairs, map: Map, use_poll: bool
) -> None:
    (ours, theirs), (one, two) = pair(), pair()
    late = recorder(asyncore)(ours, map)
    seen: list[str] = []

    def swap() -> None:
        number = ours.fileno()
        ours.close()
        os.dup2(one.fileno(), number)
        newcomer = recorder(asyncore)(socket.socket(fileno=number), map, "new", seen)
        late.close()
        assert map[number] is newcomer

    late.on["read"] = swap
    theirs.send(b"go")
    two.send(b"x")
    serve(asyncore, map, lambda: seen, use_poll)
    assert seen == ["new read x"]


def test_3_an_object_put_there_by_hand_leaves_with_the_number(
    core: Any, pair: Pairs, map: Map
) -> None:
    ours, _ = pair()
    channel = core.dispatcher(ours, map)
    map[ours.fileno()] = mock.Mock(spec=[])
    channel.del_channel()
    assert map == {}


# -- 4. loop(timeout, use_poll, map, count), and the passes called directly ------------------------


@pytest.mark.parametrize(("count", "passes"), [(0, 0), (1, 1), (2, 2), (2.5, 3), (0.5, 1), (-1, 0)])
def test_4_count_may_be_any_number(
    core: Any, pair: Pairs, map: Map, use_poll: bool, count: float, passes: int
) -> None:
    channel = recorder(core)(pair()[0], map)
    channel.writable = lambda: channel.seen.append("asked")
    core.loop(0.0, use_poll, map, count)
    assert len(channel.seen) == passes


def test_4_an_empty_map_returns_at_once(core: Any, use_poll: bool) -> None:
    core.loop(3600, use_poll, {})
    core.poll(3600, {})
    core.poll2(3600, {})


def test_4_an_empty_interest_set_sleeps_the_timeout(
    core: Any, pair: Pairs, map: Map, use_poll: bool
) -> None:
    channel = recorder(core)(pair()[0], map)
    channel.readable = lambda: False
    started = time.monotonic()
    core.loop(0.03, use_poll, map, 2)
    assert 0.058 <= time.monotonic() - started < 10


@pytest.mark.parametrize("name", ["poll", "poll2", "poll3"])
def test_4_passes_are_called_directly(core: Any, pair: Pairs, map: Map, name: str) -> None:
    ours, theirs = pair()
    channel = recorder(core)(ours, map)
    one_pass = getattr(core, name)
    theirs.send(b"1")
    one_pass(0.1, map)
    theirs.send(b"2")
    one_pass(timeout=0.1, map=map)
    theirs.send(b"3")
    one_pass(None, map)
    one_pass(map=map)
    assert channel.seen == ["read 1", "read 2", "read 3"]


def test_4_ebadf_from_a_dead_descriptor_is_catchable(core: Any, pair: Pairs, map: Map) -> None:
    ours, _ = pair()
    channel = recorder(core)(ours, map)
    number = ours.fileno()
    ours.close()
    attempts: list[Callable[[], None]] = [
        lambda: core.loop(1, False, map),
        lambda: core.poll(1, map),
    ]
    for attempt in attempts:
        with pytest.raises(OSError, match="Bad file") as caught:
            attempt()
        assert caught.value.errno == errno.EBADF
        assert map == {number: channel}
    del map[number]
    core.loop(1, False, map)


# -- 5. names that are looked up in the module's own globals ---------------------------------------


@pytest.mark.parametrize("name", ["socket", "select", "time", "os", "sys", "warnings"])
def test_5_asyncore_has_the_modules_it_used(core: Any, name: str) -> None:
    assert inspect.ismodule(getattr(core, name))
    assert getattr(core, name).__name__ == name


def test_5_asynchat_has_asyncore(modules: Modules) -> None:
    assert modules.asynchat.asyncore is modules.asyncore


def test_5_socket_is_looked_up_when_called(
    core: Any, map: Map, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = mock.Mock(wraps=socket, SOL_SOCKET=1, SO_ERROR=4, SO_REUSEADDR=2)
    monkeypatch.setattr(core, "socket", fake)
    channel = core.dispatcher(None, map)
    channel.create_socket()
    fake.socket.assert_called_once_with(socket.AF_INET, socket.SOCK_STREAM)
    channel.close()


def test_5_select_is_looked_up_when_called(
    core: Any, pair: Pairs, map: Map, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Any] = []

    def fake(*args: Any) -> tuple[list[int], ...]:
        calls.append(args)
        return select.select(*args)

    ours, theirs = pair()
    channel = recorder(core)(ours, map)
    monkeypatch.setattr(core, "select", SimpleNamespace(select=fake))
    theirs.send(b"x")
    core.loop(0.5, False, map, 2)
    number = ours.fileno()
    assert calls == [([number], [], [number], 0.5)] * 2
    assert channel.seen == ["read x"]


def test_5_select_select_and_select_poll_replaced_in_the_module_itself(
    core: Any, pair: Pairs, map: Map, use_poll: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder(core)(pair()[0], map)
    name = "poll" if use_poll else "select"
    fake = mock.Mock(wraps=getattr(select, name))
    monkeypatch.setattr(select, name, fake)
    core.loop(0, use_poll, map, 3)
    assert fake.call_count >= 3


def test_5_time_is_looked_up_when_called(
    core: Any, pair: Pairs, map: Map, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = recorder(core)(pair()[0], map)
    channel.readable = lambda: False
    slept: list[float] = []
    monkeypatch.setattr(core, "time", SimpleNamespace(sleep=slept.append))
    core.loop(7.5, False, map, 3)
    assert slept == [7.5] * 3


def test_5_poll_and_poll2_are_looked_up_when_called(
    core: Any, pair: Pairs, map: Map, use_poll: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder(core)(pair()[0], map)
    fake = mock.Mock()
    monkeypatch.setattr(core, "poll2" if use_poll else "poll", fake)
    core.loop(9, use_poll, map, 2)
    assert fake.mock_calls == [mock.call(9, map)] * 2


def test_5_the_asyncore_in_asynchat_is_looked_up_when_called(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Any] = []
    own = SimpleNamespace(__init__=lambda *args: calls.append(args))
    monkeypatch.setattr(chat, "asyncore", SimpleNamespace(dispatcher=own))
    channel = chat.async_chat("sock", "map")
    assert calls == [(channel, "sock", "map")]


# -- 6. the names ----------------------------------------------------------------------------------
# Their presence and parameters: test_parity.py.  What functions and classes do: test_asyncore.py,
# test_file_wrapper.py, test_dispatcher_with_send.py, test_asynchat.py.  Here: the attributes.


def test_6_attributes_of_a_fresh_dispatcher(core: Any, map: Map) -> None:
    channel = core.dispatcher(None, map)
    assert channel.socket is None
    assert channel._fileno is None
    assert channel._map is map
    assert channel.addr is None
    flags = ["debug", "connected", "accepting", "connecting", "closing"]
    assert [getattr(channel, name) for name in flags] == [False] * 5
    assert channel.ignore_log_types == frozenset({"warning"})


def test_6_attributes_of_a_connected_dispatcher(core: Any, pair: Pairs, map: Map) -> None:
    ours, _ = pair()
    channel = core.dispatcher(ours, map)
    assert (channel.connected, channel.connecting, channel.accepting) == (True, False, False)
    assert channel._fileno == ours.fileno()
    assert channel.addr == ours.getpeername()


def test_6_add_channel_and_del_channel_take_a_map(core: Any, pair: Pairs, map: Map) -> None:
    ours, _ = pair()
    channel = core.dispatcher(ours, map)
    other: Map = {}
    channel.add_channel(other)
    assert other == map
    channel.del_channel(other)
    assert (other, list(map.values())) == ({}, [channel])
    assert channel._fileno is None
    channel._fileno = ours.fileno()
    channel.del_channel(map=map)
    channel.del_channel()  # again is no error
    assert map == {}


def test_6_attributes_of_a_dispatcher_with_send(core: Any, pair: Pairs, map: Map) -> None:
    channel = core.dispatcher_with_send(pair()[0], map)
    assert channel.out_buffer == b""
    assert type(channel.out_buffer) is bytes


def test_6_attributes_of_an_async_chat(chat: Any, pair: Pairs, map: Map) -> None:
    channel = chat.async_chat(pair()[0], map)
    assert channel.ac_in_buffer == b""
    assert channel.incoming == []
    assert type(channel.incoming) is list
    assert isinstance(channel.producer_fifo, deque)
    assert (channel.ac_in_buffer_size, channel.ac_out_buffer_size) == (65536, 65536)
    with pytest.raises(AttributeError):
        channel.get_terminator()  # there is none before set_terminator()


def test_6_an_int_terminator_counts_down_visibly(chat: Any, pair: Pairs, map: Map) -> None:
    ours, theirs = pair()
    counts: list[object] = []

    class Chat(chat.async_chat):
        def collect_incoming_data(self, data: bytes) -> None:
            counts.append(data)

        def found_terminator(self) -> None:
            counts.append(self.terminator)

    channel = Chat(ours, map)
    channel.set_terminator(10)
    for data in (b"abc", b"defg"):
        theirs.send(data)
        channel.handle_read()
        counts.append(channel.terminator)
    theirs.send(b"hij")
    channel.handle_read()
    assert counts == [b"abc", 7, b"defg", 3, b"hij", 0]


# -- 7. constructors, bases called unbound, overrides with other parameters ------------------------


@pytest.mark.parametrize("name", ["dispatcher", "dispatcher_with_send", "async_chat"])
def test_7_constructors_take_sock_and_map_by_position_and_by_keyword(
    modules: Modules, pair: Pairs, map: Map, name: str
) -> None:
    found = getattr(modules.asynchat if name == "async_chat" else modules.asyncore, name)
    ours, _ = pair()
    for args, keywords in (
        ((ours, map), {}),
        ((), {"sock": ours, "map": map}),
        ((ours,), {"map": map}),
    ):
        channel = found(*args, **keywords)
        assert map.pop(ours.fileno()) is channel
        assert channel.socket is ours
        assert channel._map is map
    assert found().socket is None
    assert found()._map is modules.asyncore.socket_map
    assert found(None, map)._map is map
    assert found(map=map)._map is map


def test_7_bases_are_called_unbound(modules: Modules, pair: Pairs, map: Map) -> None:
    async_chat: Any = modules.asynchat.async_chat
    core = modules.asyncore

    class Old(async_chat):
        def __init__(self, sock: socket.socket, where: Map) -> None:
            async_chat.__init__(self, sock, where)

        def send(self, data: bytes) -> int:
            return int(core.dispatcher.send(self, data.upper()))

        def recv(self, size: int) -> bytes:
            data: bytes = core.dispatcher.recv(self, size)
            return data.lower()

        def close(self) -> None:
            core.dispatcher.close(self)

        def collect_incoming_data(self, data: bytes) -> None:
            async_chat._collect_incoming_data(self, data)

    ours, theirs = pair()
    channel = Old(ours, map)
    channel.set_terminator(None)
    channel.push(b"shout")
    assert theirs.recv(10) == b"SHOUT"
    theirs.send(b"WHISPER")
    channel.handle_read_event()
    assert channel._get_data() == b"whisper"
    channel.close()
    assert map == {}


def test_7_close_and_create_socket_take_other_parameters(core: Any, map: Map) -> None:
    class Own(core.dispatcher):
        def create_socket(self, family: int, kind: int, reuse: bool = True) -> None:
            core.dispatcher.create_socket(self, family, kind)

        def close(self, reason: str = "none") -> None:
            self.reason = reason
            core.dispatcher.close(self)

    channel = Own(None, map)
    channel.create_socket(socket.AF_INET, socket.SOCK_STREAM, reuse=False)
    core.close_all(map)
    assert channel.reason == "none"


def test_7_multiple_inheritance(modules: Modules, pair: Pairs, map: Map) -> None:
    async_chat: Any = modules.asynchat.async_chat
    with_send: Any = modules.asyncore.dispatcher_with_send

    class Mixin:
        def greet(self) -> str:
            return "hello"

    class Both(Mixin, async_chat):
        pass

    class Other(with_send, Mixin):
        pass

    assert Both(pair()[0], map).greet() == Other(pair()[0], map).greet() == "hello"


def test_7_no_cooperative_super(modules: Modules, pair: Pairs, map: Map) -> None:
    class Demanding:
        def __init__(self, needed: int) -> None:
            raise AssertionError("it is not asked for this")

    both: Any = type("Both", (modules.asynchat.async_chat, Demanding), {})
    assert both(pair()[0], map).connected


def test_7_init_may_come_late_or_never(core: Any, pair: Pairs, map: Map) -> None:
    """Programs set attributes first, and some mixins never call the base's constructor."""

    class Late(core.dispatcher):
        def __init__(self, sock: socket.socket) -> None:
            self.early = True
            self._map = map
            self.set_socket(sock)

    ours, _ = pair()
    assert map == {ours.fileno(): Late(ours)}


# -- 8. handle_error() and the texts ---------------------------------------------------------------


def test_8_a_bare_raise_in_handle_error(core: Any, pair: Pairs, map: Map, use_poll: bool) -> None:
    class Raising(core.dispatcher):
        def handle_read(self) -> None:
            raise ZeroDivisionError("on purpose")

        def handle_error(self) -> None:
            raise

    ours, theirs = pair()
    Raising(ours, map)
    theirs.send(b"x")
    with pytest.raises(ZeroDivisionError, match="on purpose"):
        core.loop(1, use_poll, map)


def test_8_the_log_text(
    core: Any, pair: Pairs, map: Map, use_poll: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    class Failing(core.dispatcher):
        def handle_read(self) -> None:
            raise ValueError("on purpose")

    ours, theirs = pair()
    channel = Failing(ours, map)
    shown = repr(channel)
    theirs.send(b"x")
    core.loop(1, use_poll, map)
    out, err = capsys.readouterr()
    start = f"error: uncaptured python exception, closing channel {shown} "
    assert out.startswith(start + "(<class 'ValueError'>:on purpose [")
    assert out.endswith("])\n")
    assert "|handle_read|" in out
    assert err == ""
    assert map == {}


def test_8_the_log_text_when_repr_fails(
    core: Any, map: Map, capsys: pytest.CaptureFixture[str]
) -> None:
    class Unspeakable(core.dispatcher):
        def __repr__(self) -> str:
            raise RuntimeError

        def handle_read_event(self) -> None:
            raise ValueError("on purpose")

    channel = Unspeakable(None, map)
    core.read(channel)
    shown = f"<__repr__(self) failed for object at {id(channel):0x}>"
    assert f"closing channel {shown} (<class 'ValueError'>:on purpose [" in capsys.readouterr().out


def test_8_repr_shows_the_module_asyncore() -> None:
    channel = asyncore.dispatcher()
    assert repr(channel) == f"<asyncore.dispatcher at {id(channel):#x}>"


def test_8_repr_shows_state_and_address(core: Any, pair: Pairs, map: Map) -> None:
    channel = core.dispatcher(None, map)
    shown = f"<{core.dispatcher.__module__}.dispatcher"
    end = f" at {id(channel):#x}>"
    assert repr(channel) == shown + end
    channel.connected = True
    assert repr(channel) == f"{shown} connected{end}"
    channel.addr = ("localhost", 80)
    assert repr(channel) == f"{shown} connected localhost:80{end}"
    channel.accepting = True
    assert repr(channel) == f"{shown} listening localhost:80{end}"
    channel.addr = ("::1", 80, 0, 0)
    assert repr(channel) == f"{shown} listening ('::1', 80, 0, 0){end}"
    channel.addr, channel.connected = "/run/it", False
    assert repr(channel) == f"{shown} listening '/run/it'{end}"
    channel.addr = ""
    assert repr(channel) == f"{shown} ''{end}"


def test_8_repr_of_a_subclass_shows_its_own_module(core: Any, map: Map) -> None:
    class Own(core.dispatcher):
        pass

    name = f"{__name__}.{Own.__qualname__}"
    channel = Own(None, map)
    assert repr(channel) == f"<{name} at {id(channel):#x}>"


# -- 9. handle_expt and out-of-band data -----------------------------------------------------------
# With urgent data on real connections: tests/integration/test_compat_connections.py.


def test_9_urgent_data_reaches_handle_expt(core: Any, pair: Pairs, map: Map) -> None:
    channel = recorder(core)(pair()[0], map)
    core._exception(channel)
    core.readwrite(channel, select.POLLPRI)
    assert channel.seen == ["expt", "expt"]


def test_9_an_error_on_the_socket_reaches_handle_close(core: Any, map: Map) -> None:
    channel = recorder(core)(None, map)
    channel.socket = mock.Mock()
    channel.socket.getsockopt.return_value = errno.ECONNRESET
    core._exception(channel)
    assert channel.seen == ["close"]


# -- 10. nothing is delegated to the socket --------------------------------------------------------


@pytest.mark.parametrize("name", ["getsockname", "getpeername", "setsockopt", "fileno", "sendall"])
def test_10_nothing_is_delegated_to_the_socket(
    modules: Modules, pair: Pairs, map: Map, name: str
) -> None:
    for found in (
        modules.asyncore.dispatcher,
        modules.asyncore.dispatcher_with_send,
        modules.asynchat.async_chat,
    ):
        channel = found(pair()[0], map)
        assert not hasattr(channel, name)
        assert not hasattr(type(channel), "__getattr__")


def test_waiting_is_over_after_so_many_passes(core: Any, pair: Pairs, map: Map) -> None:
    """The tests' own tool: a ``done()`` that counts."""
    channel = recorder(core)(pair()[0], map)
    channel.writable = lambda: channel.seen.append("asked")
    serve(core, map, after(3), timeout=0)
    assert len(channel.seen) == 4
