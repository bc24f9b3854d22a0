"""AsyncChat on socketpairs: input, output, and the order of the end.

Every framing case runs whole, byte by byte and with trailing data.
"""

import socket
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from miniloop import AsyncChat, EventLoop, SimpleProducer
from miniloop.chat import MESSAGES_PER_PASS
from miniloop.framing import Terminator
from tests.driving import Lines, fill, pair, receive, reset, run_until, settle


@pytest.fixture
def loop() -> Iterator[EventLoop]:
    with EventLoop(debug=True) as loop:
        yield loop


@pytest.fixture
def sockets() -> Iterator[tuple[socket.socket, socket.socket]]:
    with pair() as both:
        yield both


def whole(data: bytes) -> list[bytes]:
    return [data]


def byte_by_byte(data: bytes) -> list[bytes]:
    return [data[i : i + 1] for i in range(len(data))]


def in_threes(data: bytes) -> list[bytes]:
    return [data[i : i + 3] for i in range(0, len(data), 3)]


if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

CUTS = pytest.mark.parametrize("cut", [whole, byte_by_byte, in_threes])
Cut = Callable[[bytes], list[bytes]]


def converse(loop: EventLoop, theirs: socket.socket, data: bytes, cut: Cut) -> None:
    """Send ``data`` in pieces, each of which arrives by itself."""
    for piece in cut(data):
        theirs.send(piece)
        settle(loop, 4)
    settle(loop)


# -- input ---------------------------------------------------------------------------------------


@CUTS
@pytest.mark.parametrize("tail", [b"", b"tail"])
@pytest.mark.parametrize(
    ("terminator", "data", "lines"),
    [
        (b"\n", b"one\ntwo\n", [b"one", b"two"]),
        (b"\n", b"\n\n\n", [b"", b"", b""]),
        (b"\r\n", b"one\r\ntwo\r\n", [b"one", b"two"]),
        (b"\r\n", b"a\rb\r\r\n", [b"a\rb\r"]),
        (b"\r\n.\r\n", b"mail\r\n.text\r\n.\r\n", [b"mail\r\n.text"]),
        (b"aab", b"aaab", [b"a"]),
        (b"abcab", b"abcabcabab-abcab", [b"", b"cabab-"]),
        (4, b"abcd", [b"abcd"]),
    ],
)
def test_messages(
    loop: EventLoop,
    sockets: tuple[socket.socket, socket.socket],
    terminator: bytes | int,
    data: bytes,
    lines: list[bytes],
    tail: bytes,
    cut: Cut,
) -> None:
    channel = Lines(loop, sockets[0], terminator)
    converse(loop, sockets[1], data + tail, cut)
    assert channel.lines == lines
    sockets[1].close()
    settle(loop)
    assert channel.lines == lines
    assert channel.partial in (tail, b"")
    assert channel.seen == ["close"]


@CUTS
@pytest.mark.parametrize("terminator", [None, b"", 0])
def test_no_terminator_collects_everything(
    loop: EventLoop,
    sockets: tuple[socket.socket, socket.socket],
    terminator: Terminator,
    cut: Cut,
) -> None:
    channel = Lines(loop, sockets[0])
    channel.set_terminator(terminator)
    assert channel.get_terminator() is None
    converse(loop, sockets[1], b"any\nthing", cut)
    assert channel.partial == b"any\nthing"
    assert channel.lines == []


@CUTS
def test_terminators_changed_inside_found_terminator(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket], cut: Cut
) -> None:
    """A length-prefixed protocol: a line with the size, then so many bytes, then ``;``."""

    class Changing(Lines):
        def handle_line(self, line: bytes) -> None:
            rules: list[bytes | int] = [b"\n", 5, b";", b"--"]
            self.set_terminator(rules[len(self.lines) % 4])

    channel = Changing(loop, sockets[0])
    converse(loop, sockets[1], b"size\n12\n45a\n;end--next\n\n\n\n\n\n;--", cut)
    assert channel.lines == [b"size", b"12\n45", b"a\n", b"end", b"next", b"\n\n\n\n\n", b"", b""]


@CUTS
def test_an_int_counts_down_visibly_and_ends_as_none(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket], cut: Cut
) -> None:
    channel = Lines(loop, sockets[0], 5)
    converse(loop, sockets[1], b"abc", cut)
    assert channel.get_terminator() == 2
    converse(loop, sockets[1], b"de", cut)
    assert channel.get_terminator() is None
    assert channel.lines == [b"abcde"]


@CUTS
def test_pause_inside_found_terminator(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket], cut: Cut
) -> None:
    class Pausing(Lines):
        def handle_line(self, line: bytes) -> None:
            self.pause_reading()

    channel = Pausing(loop, sockets[0])
    converse(loop, sockets[1], b"one\ntwo\nthree\n", cut)
    assert channel.lines == [b"one"]
    channel.resume_reading()
    settle(loop)
    assert channel.lines == [b"one", b"two"]
    channel.resume_reading()
    settle(loop)
    assert channel.lines == [b"one", b"two", b"three"]


@pytest.mark.needs("hang-ups")
def test_the_end_behind_a_pause_comes_after_what_stood_before_it(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket]
) -> None:
    class Pausing(Lines):
        def handle_line(self, line: bytes) -> None:
            self.pause_reading()

    channel = Pausing(loop, sockets[0])
    sockets[1].send(b"one\ntwo\n")
    sockets[1].close()
    settle(loop)
    assert (channel.lines, channel.seen) == ([b"one"], [])
    channel.resume_reading()
    settle(loop)
    assert (channel.lines, channel.seen) == ([b"one", b"two"], ["close"])


@CUTS
def test_discard_buffers_inside_found_terminator(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket], cut: Cut
) -> None:
    class Discarding(Lines):
        def handle_line(self, line: bytes) -> None:
            self.discard_buffers()

    channel = Discarding(loop, sockets[0])
    converse(loop, sockets[1], b"one\ntwo\nthree\n", cut)
    assert channel.lines[0] == b"one"
    assert len(channel.lines) == (1 if cut is whole else 3)
    converse(loop, sockets[1], b"four\n", whole)
    assert channel.lines[-1] == b"four"


@CUTS
def test_close_when_done_inside_found_terminator(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket], cut: Cut
) -> None:
    class Leaving(Lines):
        def handle_line(self, line: bytes) -> None:
            self.push(b"bye\n")
            self.close_when_done()
            self.push(b"nobody hears this\n")

    channel = Leaving(loop, sockets[0])
    ours, theirs = sockets
    for piece in cut(b"one\ntwo\nthree\n"):
        try:
            theirs.send(piece)
        except BrokenPipeError:
            break
        settle(loop, 4)
    settle(loop)
    assert channel.lines == [b"one"]
    assert channel.seen == ["close"]
    assert receive(theirs) == b"bye\n"
    assert ours.fileno() == -1


@CUTS
def test_close_inside_collect_is_the_end(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket], cut: Cut
) -> None:
    class Hasty(Lines):
        def collect_incoming_data(self, data: bytes) -> None:
            super().collect_incoming_data(data)
            self.close()

    channel = Hasty(loop, sockets[0])
    sockets[1].send(b"one\ntwo\n")
    settle(loop)
    assert channel.lines == []
    assert channel.seen == []


def test_close_inside_found_terminator_is_the_end(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket]
) -> None:
    class Hasty(Lines):
        def handle_line(self, line: bytes) -> None:
            self.close()

    channel = Hasty(loop, sockets[0])
    sockets[1].send(b"one\ntwo\nthree\n")
    settle(loop)
    assert channel.lines == [b"one"]
    assert channel.seen == []


def test_what_was_not_parsed_in_one_pass_is_parsed_in_the_next(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket]
) -> None:
    channel = Lines(loop, sockets[0])
    sockets[1].send(b"\n" * (2 * MESSAGES_PER_PASS + 7))
    counts = []
    for _ in range(4):
        loop.run_once(0)
        counts.append(len(channel.lines))
    assert counts[-1] == 2 * MESSAGES_PER_PASS + 7
    # a delivery and its continuation fit into one pass
    steps = zip([0, *counts], counts, strict=False)
    assert all(after - before <= 2 * MESSAGES_PER_PASS for before, after in steps)


# -- input that is too long ----------------------------------------------------------------------


@CUTS
def test_input_overflow_ends_the_connection_by_default(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket], cut: Cut
) -> None:
    class Short(Lines):
        max_input = 5

    channel = Short(loop, sockets[0])
    for piece in cut(b"12345\n123456\nnever\n"):
        try:
            sockets[1].send(piece)
        except (BrokenPipeError, ConnectionResetError):
            break
        settle(loop, 4)
    settle(loop)
    assert channel.lines == [b"12345"]
    assert channel.partial == b"12345"
    assert channel.seen == ["close"]


@CUTS
def test_input_overflow_left_open_skips_the_rest(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket], cut: Cut
) -> None:
    class Short(Lines):
        max_input = 5

        def handle_input_overflow(self) -> None:
            self.seen.append(f"too long: {self.partial!r}")
            self.partial = b""

    channel = Short(loop, sockets[0])
    converse(loop, sockets[1], b"12345\n1234567890\nok\n\n123456\nfine\n", cut)
    assert channel.lines == [b"12345", b"ok", b"", b"fine"]
    assert channel.seen == ["too long: b'12345'"] * 2


@pytest.mark.parametrize("limit", [5, 600, 3000])
def test_overlong_lines_among_short_ones(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket], limit: int
) -> None:
    class Short(Lines):
        max_input = limit
        overflows = 0

        def handle_input_overflow(self) -> None:
            self.overflows += 1
            self.partial = b""

    channel = Short(loop, sockets[0])
    for _ in range(20):
        sockets[1].send(b"\n" * 1000 + b"x" * (limit + 1) + b"\n")
        settle(loop)
    assert (len(channel.lines), channel.overflows) == (20_000, 20)


# -- wrong use -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terminator", "error"), [(-1, ValueError), ("\n", TypeError), (1.5, TypeError)]
)
def test_terminators_that_make_no_sense(
    loop: EventLoop, terminator: object, error: type[Exception]
) -> None:
    channel = Lines(loop)
    with pytest.raises(error, match="terminator"):
        channel.set_terminator(terminator)  # type: ignore[arg-type]  # the mistake
    assert channel.get_terminator() == b"\n"


def test_push_refuses_text_and_takes_what_is_like_bytes(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket]
) -> None:
    channel = Lines(loop, sockets[0])
    with pytest.raises(TypeError, match="encode text first"):
        channel.push("text")  # type: ignore[arg-type]  # the mistake
    volatile = bytearray(b"b")
    channel.push(b"a")
    channel.push(volatile)  # type: ignore[arg-type]  # accepted since asynchat did
    channel.push(memoryview(b"c"))  # type: ignore[arg-type]
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


def test_a_producer_needs_more(loop: EventLoop) -> None:
    with pytest.raises(TypeError, match=r"method more\(\)"):
        Lines(loop).push_with_producer(b"x")  # type: ignore[arg-type]  # the mistake


def test_methods_that_must_be_overridden_say_so(
    loop: EventLoop,
    sockets: tuple[socket.socket, socket.socket],
    caplog: pytest.LogCaptureFixture,
) -> None:
    channel = AsyncChat(loop, sockets[0])
    sockets[1].send(b"x")
    settle(loop)
    assert channel.closed
    assert "AsyncChat must override collect_incoming_data()" in caplog.text
    with pytest.raises(NotImplementedError, match="found_terminator"):
        channel.found_terminator()


# -- output --------------------------------------------------------------------------------------


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
    assert channel.seen == []


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


def test_output_overflow_ends_the_connection_by_default(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket]
) -> None:
    class Small(Lines):
        max_output = 1000

    channel = Small(loop, sockets[0])
    fill(sockets[0])
    channel.push(b"x" * 1000)
    settle(loop)
    assert not channel.closed
    channel.push(b"y")
    settle(loop)
    assert channel.seen == ["close"]


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
    assert channel.seen == ["overflow 1001"]
    assert channel.output_size == 0
    channel.push(b"y" * 1000)
    settle(loop)
    assert channel.seen == ["overflow 1001"]
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


# -- the end -------------------------------------------------------------------------------------


def test_close_when_done_sends_first(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket]
) -> None:
    channel = Lines(loop, sockets[0])
    fill(sockets[0])
    channel.push(b"last words")
    channel.close_when_done()
    channel.push(b"ignored, as in asynchat")
    settle(loop)
    assert not channel.closed
    receive(sockets[1])
    settle(loop)
    assert receive(sockets[1]) == b"last words"
    assert channel.seen == ["close"]


def test_close_when_done_with_nothing_queued(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket]
) -> None:
    channel = Lines(loop, sockets[0])
    channel.close_when_done()
    assert channel.seen == []
    settle(loop)
    assert channel.seen == ["close"]


def test_close_when_done_while_the_peer_still_talks_loses_nothing(loop: EventLoop) -> None:
    with pair(socket.AF_INET) as (ours, theirs):
        channel = Lines(loop, ours)
        theirs.send(b"unread" * 1000)
        channel.push(b"last words")
        channel.close_when_done()
        run_until(loop, lambda: channel.closed)
        theirs.setblocking(True)
        assert theirs.recv(100) == b"last words"
        assert theirs.recv(100) == b""


def test_close_write_sends_first_and_reads_on(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket]
) -> None:
    channel = Lines(loop, sockets[0])
    channel.push(b"request\n")
    channel.close_write()
    with pytest.raises(RuntimeError, match=r"push\(\) after close_write\(\)"):
        channel.push(b"too late")
    settle(loop)
    assert sockets[1].recv(100) == b"request\n"
    assert sockets[1].recv(100) == b""
    sockets[1].send(b"answer\n")
    settle(loop)
    assert channel.lines == [b"answer"]
    assert not channel.closed
    sockets[1].close()
    settle(loop)
    assert channel.seen == ["close"]


def test_close_write_before_the_connection_is_there(loop: EventLoop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        channel = Lines(loop)
        channel.create_socket()
        channel.connect(server.getsockname())
        channel.close_write()
        peer, _ = server.accept()
        with peer:
            peer.send(b"hello\n")
            run_until(loop, lambda: channel.lines)
            peer.settimeout(10)
            assert peer.recv(10) == b""
        assert channel.lines == [b"hello"]


def test_what_was_pushed_before_the_connect_goes_out_after_it(loop: EventLoop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        channel = Lines(loop)
        channel.create_socket()
        channel.push(b"early ")
        channel.connect(server.getsockname())
        channel.push(b"bird")
        peer, _ = server.accept()
        with peer:
            run_until(loop, lambda: channel.connected)
            settle(loop)
            peer.settimeout(10)
            assert peer.recv(100) == b"early bird"


@pytest.mark.needs("unix sockets")
def test_the_peers_end_waits_for_queued_output(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket]
) -> None:
    channel = Lines(loop, sockets[0])
    filled = fill(sockets[0])
    channel.push(b"answer")
    sockets[1].shutdown(socket.SHUT_WR)
    settle(loop)
    assert not channel.closed
    assert len(receive(sockets[1])) == filled
    settle(loop)
    assert receive(sockets[1]) == b"answer"
    assert channel.seen == ["close"]


def test_a_peer_that_is_gone_ends_a_channel_with_queued_output(loop: EventLoop) -> None:
    with pair(socket.AF_INET) as (ours, theirs):
        channel = Lines(loop, ours)
        channel.push(b"x" * 10_000_000)
        settle(loop)
        reset(theirs)
        run_until(loop, lambda: channel.closed)
        assert channel.seen.count("close") == 1


def test_discard_buffers_forgets_output_and_the_end_still_comes(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket]
) -> None:
    channel = Lines(loop, sockets[0])
    fill(sockets[0])
    channel.push(b"unsent")
    settle(loop)
    channel.discard_buffers()
    assert channel.output_size == 0
    channel.close_when_done()
    settle(loop)
    receive(sockets[1])
    settle(loop)
    assert channel.seen == ["close"]


def test_close_inside_a_flush_handler(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket]
) -> None:
    class Leaving(Lines):
        high_water = 10

        def handle_high_water(self) -> None:
            self.close()

    channel = Leaving(loop, sockets[0])
    fill(sockets[0])
    channel.push(b"x" * 100)
    settle(loop)
    assert channel.closed
    assert channel.seen == []


def test_a_producer_that_closes_its_channel(
    loop: EventLoop,
    sockets: tuple[socket.socket, socket.socket],
    caplog: pytest.LogCaptureFixture,
) -> None:
    channel = Lines(loop, sockets[0])

    class Closing:
        def more(self) -> bytes:
            channel.close()
            return b""

    channel.push_with_producer(Closing())
    settle(loop)
    assert channel.closed
    assert channel.seen == []
    assert caplog.records == []
