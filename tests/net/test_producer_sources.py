"""What can be pushed besides bytes, and that it is closed at every end."""

import gc
import io
import socket
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from miniloop import AsyncChat, EventLoop, broadcast
from miniloop.net.producers import ENOUGH, as_producer
from miniloop.testing import GENTLE, SimulatedNetwork
from tests.driving import Lines, fill, receive, reset, run_until, settle, tcp_pair
from tests.net.tls_ends import against_ssl, ends, read

Pair = tuple[socket.socket, socket.socket]


class Endless:
    """A producer that never ends, and counts how often it was closed."""

    def __init__(self) -> None:
        self.closed = 0

    def more(self) -> bytes:
        return b"z" * ENOUGH

    def close(self) -> None:
        self.closed += 1


def generator(*items: Any, ends: list[str] | None = None) -> Iterator[Any]:
    try:
        yield from items
    finally:
        if ends is not None:
            ends.append("ended")


class MoreOf:
    """A producer of any pieces."""

    def __init__(self, *pieces: Any) -> None:
        self.pieces = iter(pieces)

    def more(self) -> Any:
        return next(self.pieces, b"")


BYTES_LIKE = (b"a", bytearray(b"b"), memoryview(b"c"))


@pytest.mark.parametrize(
    "make",
    [
        lambda: generator(*BYTES_LIKE),
        lambda: iter(BYTES_LIKE),
        lambda: generator(b"", b"a", b"", bytearray(), b"bc", b""),
        lambda: map(bytes, BYTES_LIKE),
        lambda: MoreOf(*BYTES_LIKE),
        lambda: io.BytesIO(b"abc"),
        lambda: io.BufferedReader(io.BytesIO(b"abc")),
        lambda: bytearray(b"abc"),
        lambda: memoryview(b"abc"),
    ],
)
def test_everything_that_makes_bytes(
    loop: EventLoop, sockets: Pair, make: Callable[[], Any]
) -> None:
    channel = AsyncChat(loop, sockets[0])
    channel.push(b"<")
    channel.push(make())
    channel.push(b">")
    channel.push_with_producer(make())
    settle(loop)
    assert receive(sockets[1]) == b"<abc>abc"
    assert channel.output_size == 0


def test_a_file_is_read_in_bounded_pieces_when_there_is_room(
    loop: EventLoop, sockets: Pair, tmp_path: Path
) -> None:
    class Counting(io.FileIO):
        sizes: list[int | None] = []  # noqa: RUF012 - of this test only

        def read(self, size: int | None = -1, /) -> bytes:
            self.sizes.append(size)
            return super().read(size)

    path = tmp_path / "big"
    path.write_bytes(bytes(range(256)) * 40_000)
    channel, file = AsyncChat(loop, sockets[0]), Counting(path)
    channel.push(file)
    settle(loop, 100)
    assert set(file.sizes) == {ENOUGH}
    assert not file.closed
    before = len(file.sizes)
    settle(loop, 100)
    assert len(file.sizes) == before  # nobody reads
    got = b""

    def done() -> bool:
        nonlocal got
        got += receive(sockets[1])
        return file.closed

    run_until(loop, done)
    settle(loop)
    assert got + receive(sockets[1]) == path.read_bytes()


@pytest.mark.parametrize(
    ("source", "advice"),
    [
        ("text", "bytes, not str: encode text first"),
        (io.StringIO("text"), "not text: open it with 'rb'"),
        ([b"list"], "an iterator of bytes or a binary file, not list"),
        (None, "not NoneType"),
        (5, "not int"),
        (AsyncChat, "not type"),
    ],
)
def test_what_makes_no_bytes_is_refused_at_once(
    loop: EventLoop, sockets: Pair, source: Any, advice: str
) -> None:
    channel = AsyncChat(loop, sockets[0])
    for push in (channel.push, channel.push_with_producer):
        with pytest.raises(TypeError, match=advice):
            push(source)
    assert channel.output_size == 0


def test_broadcast_takes_bytes_alone(loop: EventLoop, sockets: Pair) -> None:
    """What an iterator makes, only one of them could have."""
    with pytest.raises(TypeError, match=r"broadcast\(\) takes bytes, not generator"):
        broadcast([AsyncChat(loop, sockets[0])], generator(b"a"))  # type: ignore[arg-type]


@pytest.mark.parametrize("item", ["text", None, 5, ""])
def test_a_wrong_item_ends_the_channel_behind_what_was_made(
    loop: EventLoop, sockets: Pair, item: Any, caplog: pytest.LogCaptureFixture
) -> None:
    channel, seen = Lines(loop, sockets[0]), list[str]()
    channel.push(generator(b"good", item, ends=seen))
    settle(loop)
    assert receive(sockets[1]) == b"good"
    assert (channel.seen, seen) == (["close"], ["ended"])
    assert f"made {item!r}, not bytes" in caplog.text


# -- errors ----------------------------------------------------------------------------------------


def raising(error: BaseException, seen: list[str]) -> Iterator[bytes]:
    try:
        yield b"made "
        yield b"before"
        raise error
    finally:
        seen.append("ended")


def test_what_was_made_before_an_error_is_sent_before_it_counts(
    loop: EventLoop, sockets: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    channel, seen = Lines(loop, sockets[0]), list[str]()
    fill(sockets[0])
    channel.push(raising(ZeroDivisionError("broken"), seen))
    channel.push(b"never")
    settle(loop)
    assert "close" not in channel.seen  # the peer reads nothing: the error waits
    receive(sockets[1])
    settle(loop)
    assert channel.seen[-1] == "close"
    assert receive(sockets[1]).endswith(b"made before")
    assert "ZeroDivisionError: broken" in caplog.text
    assert seen == ["ended"]


def test_under_tls_too(caplog: pytest.LogCaptureFixture) -> None:
    with ends() as (loop, first, second):
        seen: list[str] = []
        first.push(raising(ZeroDivisionError("broken"), seen))
        first.push(b"never")
        settle(loop)
        assert second.partial == b"made before"
        assert first.seen[-1] == "close"
        assert seen == ["ended"]


def test_a_file_over_tls() -> None:
    def kind(loop: EventLoop, sock: socket.socket) -> AsyncChat:
        return AsyncChat(loop, sock)

    with against_ssl(kind) as (loop, _, channel, peer):
        file = io.BytesIO(bytes(range(256)) * 4000)
        data = file.getvalue()
        channel.push(file)
        channel.close_when_done()
        got = b""

        def done() -> bool:
            nonlocal got
            got += read(peer)
            return len(got) >= len(data)

        run_until(loop, done)
        assert got == data
        assert file.closed


def test_an_interrupted_iterator_is_not_taken_for_one_that_has_ended(
    loop: EventLoop, sockets: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    channel = Lines(loop, sockets[0])
    channel.push(raising(KeyboardInterrupt(), []))
    with pytest.raises(KeyboardInterrupt):
        settle(loop)
    assert not channel.closed
    settle(loop)
    assert receive(sockets[1]) == b"made before"
    assert channel.seen == ["close"]
    assert "was interrupted: the rest is not known" in caplog.text


def test_a_close_that_raises_is_logged(
    loop: EventLoop, sockets: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    class Bad(Endless):
        def close(self) -> None:
            super().close()
            raise ZeroDivisionError

    channel, bad, good = Lines(loop, sockets[0]), Bad(), Endless()
    for producer in (bad, good):
        channel.push(producer)
    channel.discard_output()
    assert (bad.closed, good.closed) == (1, 1)
    assert "ZeroDivisionError" in caplog.text
    channel.push(b"still here")
    settle(loop)
    assert receive(sockets[1]) == b"still here"


# -- close() at every end --------------------------------------------------------------------------


def close(loop: EventLoop, channel: Lines, theirs: socket.socket) -> None:
    channel.close()


def end(loop: EventLoop, channel: Lines, theirs: socket.socket) -> None:
    channel.end()


def discard(loop: EventLoop, channel: Lines, theirs: socket.socket) -> None:
    channel.discard_output()


def close_loop(loop: EventLoop, channel: Lines, theirs: socket.socket) -> None:
    loop.close()


def stop_loop(loop: EventLoop, channel: Lines, theirs: socket.socket) -> None:
    loop.call_soon(loop.stop, 0.01)
    loop.run()


def peer_resets(loop: EventLoop, channel: Lines, theirs: socket.socket) -> None:
    reset(theirs)


def overflow(loop: EventLoop, channel: Lines, theirs: socket.socket) -> None:
    channel.max_output = 10
    for _ in range(3):
        if not channel.closed:
            channel.push(b"x" * 100)
            settle(loop)


def handler_fails(loop: EventLoop, channel: Lines, theirs: socket.socket) -> None:
    channel.set_terminator(b"!")
    theirs.send(b"!")
    channel.found_terminator = lambda: 1 / 0  # type: ignore[assignment,method-assign]


@pytest.mark.parametrize(
    "how",
    [close, end, discard, close_loop, stop_loop, peer_resets, overflow, handler_fails],
)
@pytest.mark.parametrize("make_pair", [tcp_pair, socket.socketpair], ids=["tcp", "the usual"])
def test_it_is_closed_once_at_every_end(
    loop: EventLoop,
    make_pair: Callable[[], tuple[socket.socket, socket.socket]],
    how: Callable[[EventLoop, Lines, socket.socket], object],
) -> None:
    ours, theirs = make_pair()
    with theirs:
        channel, producer, seen = Lines(loop, ours), Endless(), list[str]()
        file = io.BytesIO(b"file")
        channel.push(producer)
        channel.push(started := generator(b"a", b"b", ends=seen))
        channel.push(file)
        next(started)  # what has not begun needs no end
        settle(loop, 40)
        assert producer.closed == 0
        how(loop, channel, theirs)
        if not loop.closed:
            settle(loop, 4)
        assert (producer.closed, seen, file.closed) == (1, ["ended"], True)


def test_it_is_closed_when_it_is_done(loop: EventLoop, sockets: Pair) -> None:
    channel, seen = Lines(loop, sockets[0]), list[str]()
    channel.push(generator(b"a", ends=seen))
    settle(loop)
    assert seen == ["ended"]
    channel.close()
    assert receive(sockets[1]) == b"a"


@pytest.mark.parametrize("state", ["close", "close_write", "close_when_done"])
def test_it_is_closed_when_it_is_not_taken(loop: EventLoop, sockets: Pair, state: str) -> None:
    channel, producer = Lines(loop, sockets[0]), Endless()
    getattr(channel, state)()
    if state == "close_when_done":
        channel.push(producer)  # discarded, as bytes are
    else:
        with pytest.raises(RuntimeError):
            channel.push(producer)
    assert producer.closed == 1


@pytest.mark.parametrize("what", ["close", "end", "discard_output"])
@pytest.mark.parametrize("before", [b"", b"before"])
def test_a_generator_may_end_its_own_channel(
    loop: EventLoop, sockets: Pair, what: str, before: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[str] = []

    def ending() -> Iterator[bytes]:
        try:
            getattr(channel, what)()
            yield b"x"
            seen.append("asked again")
        finally:
            seen.append("ended")

    channel, behind = Lines(loop, sockets[0]), Endless()
    channel.push(before)
    channel.push(ending())
    channel.push(behind)
    settle(loop)
    assert (seen, behind.closed) == (["ended"], 1)
    assert caplog.text == ""
    assert channel.closed == (what != "discard_output")


def test_what_more_pushes_after_dropping_the_rest_is_kept(loop: EventLoop, sockets: Pair) -> None:
    class Again(Endless):
        def more(self) -> bytes:
            channel.discard_output()
            channel.push(b"instead")
            return b""

    channel = Lines(loop, sockets[0])
    channel.push(b"a")
    channel.push(b"b")
    channel.push(again := Again())
    settle(loop)
    assert receive(sockets[1]).endswith(b"instead")
    assert again.closed == 1


# -- water marks -----------------------------------------------------------------------------------


def test_a_waiting_producer_counts_in_the_water_marks() -> None:
    net = SimulatedNetwork(3, faults=GENTLE)
    with net.loop() as loop:
        ours, peer = net.socketpair()
        channel = Lines(loop, ours)
        channel.push(generator(b"a" * 10))
        assert channel.output_size == ENOUGH
        channel.push(generator(b"b" * 10))
        channel.push(b"c")
        assert channel.output_size == 2 * ENOUGH + 1
        net.settle()
        assert channel.seen == []  # all of it left at once
        assert channel.output_size == 0
        channel.push(MoreOf(*[b"d" * ENOUGH] * 40))
        net.settle()
        assert channel.seen == ["high"]
        while channel.output_size:
            peer.recv(1 << 20)
            net.settle()
        assert channel.seen == ["high", "low"]


def test_a_producer_is_no_reason_for_overflow(loop: EventLoop, sockets: Pair) -> None:
    class Small(Lines):
        max_output = 1000

    channel = Small(loop, sockets[0])
    for _ in range(2):
        channel.push(generator(b"x" * 40_000, b"x" * 40_000))
    loop.run_once(0)
    assert len(receive(sockets[1])) == 80_000  # and the second waits
    assert channel.output_size >= ENOUGH
    settle(loop)
    assert len(receive(sockets[1])) == 80_000
    assert not channel.closed


def test_a_channel_that_ends_with_producers_is_freed_at_once(
    loop: EventLoop, sockets: Pair
) -> None:
    def broken() -> Iterator[bytes]:
        yield b"made before"
        raise ZeroDivisionError

    channel, source = AsyncChat(loop, sockets[0]), broken()
    fill(sockets[0])
    channel.push(source)
    channel.push(io.BytesIO(b"file"))
    settle(loop)
    assert list(source) == []  # its error waits, and has frames that hold the channel
    gone = weakref.ref(channel)
    gc.disable()
    try:
        channel.close()
        del channel
        assert gone() is None
    finally:
        gc.enable()


def test_the_first_that_fits_is_taken() -> None:
    class Both(Endless):
        def read(self, size: int) -> bytes:
            raise AssertionError

    both = Both()
    assert as_producer(both) is both
