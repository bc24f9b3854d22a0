"""async_chat and simple_producer, where ``test_chat_oracle.py`` does not look."""

# mypy: disallow-subclassing-any=False

import time
from collections.abc import Callable
from typing import Any

import pytest

from miniloop.compat import asynchat
from tests.compat.conftest import Pair
from tests.compat.serving import serve

Pairs = Callable[[], Pair]
Map = dict[int, Any]


def lines(chat: Any) -> Any:
    base: Any = chat.async_chat

    class Lines(base):
        def __init__(self, sock: Any, map: Map) -> None:
            base.__init__(self, sock, map)
            self.set_terminator(b"\n")
            self.lines: list[bytes] = []

        def collect_incoming_data(self, data: bytes) -> None:
            self._collect_incoming_data(data)

        def found_terminator(self) -> None:
            self.lines.append(self._get_data())

    return Lines


def test_lines_arrive(chat: Any, core: Any, pair: Pairs, map: Map, use_poll: bool) -> None:
    ours, theirs = pair()
    channel = lines(chat)(ours, map)
    theirs.send(b"one\ntwo\n\nthr")
    theirs.send(b"ee\n")
    serve(core, map, lambda: len(channel.lines) == 4, use_poll)
    assert channel.lines == [b"one", b"two", b"", b"three"]


def test_handlers_that_must_be_overridden(chat: Any) -> None:
    channel = chat.async_chat()
    for call in (lambda: channel.collect_incoming_data(b""), channel.found_terminator):
        with pytest.raises(NotImplementedError, match="must be implemented in subclass"):
            call()


def test_a_negative_terminator_is_refused(chat: Any) -> None:
    with pytest.raises(ValueError, match="the number of received bytes must be positive"):
        chat.async_chat().set_terminator(-1)


def test_str_terminators_are_encoded_where_that_is_switched_on(chat: Any) -> None:
    channel = chat.async_chat()
    channel.set_terminator("\n")
    assert channel.get_terminator() == "\n"
    channel.use_encoding = True
    channel.set_terminator("\xe9\n")
    assert channel.get_terminator() == b"\xe9\n"


@pytest.mark.parametrize("data", ["text", 5, None, [b"x"]])
def test_push_takes_bytes_only(chat: Any, data: object) -> None:
    channel = chat.async_chat()
    with pytest.raises(TypeError, match="data argument must be byte-ish"):
        channel.push(data)
    assert not channel.producer_fifo


def test_push_cuts_what_is_long(chat: Any) -> None:
    channel = chat.async_chat()
    channel.ac_out_buffer_size = 3
    channel.push(b"abcdefg")
    assert list(channel.producer_fifo) == [b"abc", b"def", b"g"]


def test_close_when_done_closes_after_the_last_byte(
    chat: Any, core: Any, pair: Pairs, map: Map, use_poll: bool
) -> None:
    ours, theirs = pair()
    channel = chat.async_chat(ours, map)
    channel.push(b"x" * 500_000)
    channel.push_with_producer(chat.simple_producer(b"last", 1))
    channel.close_when_done()
    received = bytearray()

    def done() -> bool:
        try:
            data = theirs.recv(1 << 20)
        except BlockingIOError:
            return False
        received.extend(data)
        return not data

    serve(core, map, done, use_poll, timeout=0.01)
    assert bytes(received) == b"x" * 500_000 + b"last"
    assert map == {}


def test_one_piece_is_sent_for_one_write_event(chat: Any, pair: Pairs, map: Map) -> None:
    ours, theirs = pair()
    channel = chat.async_chat(ours, map)
    channel.producer_fifo.extend([b"one", b"two"])
    channel.handle_write()
    assert theirs.recv(10) == b"one"
    assert list(channel.producer_fifo) == [b"two"]


def test_nothing_is_sent_before_the_connection_stands(chat: Any, map: Map) -> None:
    channel = chat.async_chat(None, map)
    channel.push(b"early")
    assert list(channel.producer_fifo) == [b"early"]
    assert channel.writable()


def test_discard_buffers(chat: Any) -> None:
    channel = chat.async_chat()
    channel.ac_in_buffer = b"in"
    incoming, fifo = channel.incoming, channel.producer_fifo
    incoming.append(b"piece")
    fifo.append(b"out")
    channel.discard_buffers()
    assert (channel.ac_in_buffer, channel.incoming, list(channel.producer_fifo)) == (b"", [], [])
    assert channel.incoming is incoming
    assert channel.producer_fifo is fifo


def test_the_peers_end_closes(chat: Any, core: Any, pair: Pairs, map: Map, use_poll: bool) -> None:
    ours, theirs = pair()
    lines(chat)(ours, map)
    theirs.close()
    core.loop(5, use_poll, map)
    assert ours.fileno() == -1


def test_simple_producer(chat: Any) -> None:
    producer = chat.simple_producer(b"x" * 512 + b"y" * 512 + b"z")
    assert producer.buffer_size == 512
    assert [producer.more() for _ in range(4)] == [b"x" * 512, b"y" * 512, b"z", b""]
    assert producer.data == b""


@pytest.mark.parametrize(
    ("haystack", "expected"), [(b"qwerty\r", 1), (b"qwertydkjf", 0), (b"a\r\n.", 3), (b"", 0)]
)
def test_find_prefix_at_end(chat: Any, haystack: bytes, expected: int) -> None:
    assert chat.find_prefix_at_end(haystack, b"\r\n.\r\n") == expected


def test_splitting_is_linear(pair: Pairs, map: Map) -> None:
    """The original copied the rest for each line: 1 MiB of newlines took it 16 s."""
    channel = lines(asynchat)(pair()[0], map)
    channel.recv = lambda size: b"\n" * (1 << 20)
    started = time.process_time()
    channel.handle_read()
    assert len(channel.lines) == 1 << 20
    assert time.process_time() - started < 10


def test_ac_in_buffer_shows_the_rest_inside_found_terminator(
    chat: Any, pair: Pairs, map: Map
) -> None:
    channel = lines(chat)(pair()[0], map)
    rests: list[bytes] = []
    channel.found_terminator = lambda: rests.append(channel.ac_in_buffer)
    channel.recv = lambda size: b"a\nb\nc"
    channel.handle_read()
    assert rests == [b"b\nc", b"c"]
    assert channel.ac_in_buffer == b""  # "c" was collected


def test_push_says_what_it_got_as_the_original_did(chat: Any) -> None:
    with pytest.raises(TypeError) as caught:
        chat.async_chat().push("text")
    assert caught.value.args == ("data argument must be byte-ish (%r)", str)


def test_a_class_attribute_named_ac_in_buffer(chat: Any, pair: Pairs, map: Map) -> None:
    """It is no method, so a subclass may well give it a default of its own."""
    base = lines(chat)
    calls = iter(range(20))

    def collect(self: Any, data: bytes) -> None:
        next(calls)  # StopIteration, rather than for ever
        self._collect_incoming_data(data)

    own: Any = type("Own", (base,), {"ac_in_buffer": b"", "collect_incoming_data": collect})
    channel = own(pair()[0], map)
    pieces = iter([b"on", b"e\ntw"])
    channel.recv = lambda size: next(pieces)
    channel.set_terminator(b"e\n")
    channel.handle_read()
    channel.handle_read()
    assert channel.lines == [b"on"]
    assert channel._get_data() == b"tw"
