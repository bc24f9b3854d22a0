"""What AsyncChat sends: once in a pass, in order, within bounds."""

import errno
import socket
from typing import TYPE_CHECKING

import pytest

from miniloop import EventLoop, SimpleProducer
from tests.driving import Lines, fill, receive, run_until, settle

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class CountingSocket(socket.socket):
    """Counts the system calls."""

    sends = 0

    def send(self, data: "ReadableBuffer", flags: int = 0, /) -> int:
        self.sends += 1
        return super().send(data, flags)


def counting(sock: socket.socket) -> CountingSocket:
    return CountingSocket(fileno=sock.detach())


def test_all_pushes_of_a_pass_leave_with_one_call(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket]
) -> None:
    class Answering(Lines):
        def handle_line(self, line: bytes) -> None:
            self.push(line)
            self.push(b"\n")

    sock = counting(sockets[0])
    Answering(loop, sock)
    sockets[1].send(b"one\ntwo\nthree\n")
    settle(loop)
    assert sock.sends == 1
    assert receive(sockets[1]) == b"one\ntwo\nthree\n"


def test_pushing_nothing_sends_nothing(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket]
) -> None:
    sock = counting(sockets[0])
    channel = Lines(loop, sock)
    channel.push(b"")
    settle(loop)
    assert sock.sends == 0
    assert channel.output_size == 0


def test_a_slow_reader_gets_everything_in_order(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket]
) -> None:
    channel = Lines(loop, sockets[0])
    expected = b"".join(b"%07d\n" % number for number in range(200_000))
    for start in range(0, len(expected), 100_000):
        channel.push(expected[start : start + 100_000])
    got = b""

    def take() -> bool:
        nonlocal got
        got += receive(sockets[1])
        return len(got) >= len(expected)

    run_until(loop, take)
    assert got == expected
    settle(loop)
    assert channel.output_size == 0
    assert channel.seen == ["high", "low"]


def test_producers_and_bytes_keep_their_order(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket]
) -> None:
    channel = Lines(loop, sockets[0])
    channel.push(b"head,")
    channel.push_with_producer(SimpleProducer(b"x" * 500_000, 1000))
    channel.push(b",middle,")
    channel.push_with_producer(SimpleProducer(b"y" * 10))
    channel.push(b",tail")
    got = b""

    def take() -> bool:
        nonlocal got
        got += receive(sockets[1])
        return got.endswith(b"tail")

    run_until(loop, take)
    assert got == b"head," + b"x" * 500_000 + b",middle," + b"y" * 10 + b",tail"
    assert channel.seen == ["high", "low"]  # two producers wait, and are done


def test_a_producer_is_asked_only_when_there_is_room(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket]
) -> None:
    class Endless:
        asked = 0

        def more(self) -> bytes:
            self.asked += 1
            return b"z" * 1000

    channel = Lines(loop, sockets[0])
    producer = Endless()
    channel.push_with_producer(producer)
    settle(loop, 100)
    before = producer.asked
    settle(loop, 100)
    assert producer.asked == before
    assert before * 1000 < 2 << 20
    receive(sockets[1])
    settle(loop, 100)
    assert producer.asked > before


@pytest.mark.parametrize("answer", ["text", None, 5])
def test_a_producer_that_fails_ends_its_channel(
    loop: EventLoop,
    sockets: tuple[socket.socket, socket.socket],
    answer: object,
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Wrong:
        def more(self) -> bytes:
            return answer  # type: ignore[return-value]  # the mistake

    channel = Lines(loop, sockets[0])
    channel.push_with_producer(Wrong())
    settle(loop)
    assert channel.seen == ["close"]
    assert "not bytes" in caplog.text


def test_a_producer_needs_more(loop: EventLoop) -> None:
    with pytest.raises(TypeError, match=r"a producer with more\(\).* not list"):
        Lines(loop).push_with_producer([b"x"])  # type: ignore[arg-type]  # the mistake


def test_output_overflow_ends_the_connection_by_default(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket]
) -> None:
    class Small(Lines):
        max_output = 1000

    channel = Small(loop, sockets[0])
    fill(sockets[0])
    channel.push(b"x" * 1000)
    settle(loop)
    channel.push(b"y")
    settle(loop)
    assert not channel.closed
    channel.push(b"z")
    settle(loop)
    assert channel.seen == ["close"]
    assert isinstance(channel.error, OSError)
    assert channel.error.errno == errno.ENOBUFS


def test_output_overflow_left_open_and_discarded(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket]
) -> None:
    class Small(Lines):
        max_output = 1000

        def handle_output_overflow(self) -> None:
            self.seen.append(f"overflow {self.output_size}")
            self.discard_buffers()

    channel = Small(loop, sockets[0])
    fill(sockets[0])
    channel.push(b"x" * 1001)
    settle(loop)
    assert channel.seen == []
    channel.push(b"y")
    settle(loop)
    assert channel.seen == ["overflow 1002"]
    assert channel.output_size == 0
    channel.push(b"y" * 1000)
    settle(loop)
    assert channel.seen == ["overflow 1002"]
    receive(sockets[1])
    settle(loop)
    assert receive(sockets[1]) == b"y" * 1000


def test_output_before_the_connect_is_bounded_too(loop: EventLoop) -> None:
    class Small(Lines):
        max_output = 1000

    channel = Small(loop)
    channel.create_socket()
    for _ in range(10):
        if not channel.closed:
            channel.push(b"x" * 500)
        settle(loop, 2)
    assert channel.seen == ["close"]


def test_watermarks_pair_up(loop: EventLoop, sockets: tuple[socket.socket, socket.socket]) -> None:
    class Watched(Lines):
        high_water = 1000
        low_water = 100

    channel = Watched(loop, sockets[0])
    channel.push(b"x" * 5000)
    settle(loop)
    assert channel.seen == []
    receive(sockets[1])
    for _ in range(2):
        fill(sockets[0])
        channel.push(b"x" * 800)
        settle(loop)
        channel.push(b"x" * 300)
        settle(loop)
        channel.push(b"x" * 300)
        settle(loop)
        receive(sockets[1])
        settle(loop)
        receive(sockets[1])
        settle(loop)
    assert channel.seen == ["high", "low", "high", "low"]


@pytest.mark.needs("unix sockets")
def test_push_from_a_water_handler_is_sent(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket]
) -> None:
    class Refilling(Lines):
        high_water = 10
        low_water = 0

        def handle_low_water(self) -> None:
            super().handle_low_water()
            self.push(b"more")

    channel = Refilling(loop, sockets[0])
    fill(sockets[0])
    channel.push(b"x" * 100)
    settle(loop)
    receive(sockets[1])
    settle(loop)
    assert receive(sockets[1]) == b"x" * 100 + b"more"
    assert channel.seen == ["high", "low"]


def test_push_refuses_text_and_takes_what_is_like_bytes(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket]
) -> None:
    channel = Lines(loop, sockets[0])
    with pytest.raises(TypeError, match="encode text first"):
        channel.push("text")  # type: ignore[arg-type]  # the mistake
    volatile = bytearray(b"b")
    channel.push(b"a")
    channel.push(volatile)
    channel.push(memoryview(b"c"))
    volatile[0] = 0
    settle(loop)
    assert receive(sockets[1]) == b"abc"


def test_output_after_close_raises(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket]
) -> None:
    channel = Lines(loop, sockets[0])
    channel.push(b"lost")
    channel.close()
    with pytest.raises(RuntimeError, match="closed channel"):
        channel.push(b"x")
    with pytest.raises(RuntimeError, match="closed channel"):
        channel.push_with_producer(SimpleProducer(b"x"))
    with pytest.raises(RuntimeError, match="closed channel"):
        channel.close_when_done()
    with pytest.raises(RuntimeError, match="closed channel"):
        channel.close_write()
    settle(loop)
    assert receive(sockets[1]) == b""
