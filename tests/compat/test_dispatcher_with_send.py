"""dispatcher_with_send: what could not be sent yet is kept."""

import socket
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest

from tests.compat.conftest import Pair
from tests.compat.serving import serve

Pairs = Callable[[], Pair]
Map = dict[int, Any]


def test_it_is_sent_at_once_where_there_is_room(core: Any, pair: Pairs, map: Map) -> None:
    ours, theirs = pair()
    channel = core.dispatcher_with_send(ours, map)
    assert channel.send(b"hello") is None
    assert theirs.recv(10) == b"hello"
    assert channel.out_buffer == b""
    assert not channel.writable()


def test_64_kib_are_sent_at_once_at_most(core: Any, map: Map) -> None:
    channel = core.dispatcher_with_send(None, map)
    channel.socket = mock.Mock()
    channel.socket.send.side_effect = len
    channel.connected = True
    channel.send(b"x" * 100_000)
    channel.socket.send.assert_called_once_with(b"x" * 65536)
    assert channel.out_buffer == b"x" * (100_000 - 65536)
    assert channel.writable()


def test_it_is_writable_until_connected(core: Any, map: Map) -> None:
    channel = core.dispatcher_with_send(None, map)
    assert channel.writable()
    channel.connected = True
    assert not channel.writable()


def test_a_long_text_arrives_whole(core: Any, pair: Pairs, map: Map, use_poll: bool) -> None:
    ours, theirs = pair()
    channel = core.dispatcher_with_send(ours, map)
    text = bytes(range(256)) * 5000
    channel.send(text)
    assert channel.out_buffer
    received = bytearray()

    def done() -> bool:
        try:
            received.extend(theirs.recv(1 << 20))
        except BlockingIOError:
            return False
        return len(received) == len(text)

    serve(core, map, done, use_poll, timeout=0.01)
    assert bytes(received) == text
    assert channel.out_buffer == b""


def test_debug_prints_what_is_sent(
    core: Any, pair: Pairs, map: Map, capsys: pytest.CaptureFixture[str]
) -> None:
    channel = core.dispatcher_with_send(pair()[0], map)
    channel.debug = True
    channel.send(b"hello")
    assert capsys.readouterr().out == "info: sending b'hello'\n"


def test_a_peer_that_is_gone_closes_it(core: Any, pair: Pairs, map: Map) -> None:
    ours, theirs = pair()
    channel = core.dispatcher_with_send(ours, map)
    theirs.close()
    channel.send(b"hello")
    assert map == {}
    assert isinstance(ours, socket.socket)
    assert ours.fileno() == -1
