"""AsyncChat on socketpairs: input, and wrong use.

Every framing case runs whole, byte by byte and with trailing data.
"""

import socket
from collections.abc import Callable

import pytest

from miniloop import AsyncChat, EventLoop
from miniloop.chat import MESSAGES_PER_PASS
from miniloop.framing import Terminator
from tests.driving import Lines, receive, settle


def whole(data: bytes) -> list[bytes]:
    return [data]


def byte_by_byte(data: bytes) -> list[bytes]:
    return [data[i : i + 1] for i in range(len(data))]


def in_threes(data: bytes) -> list[bytes]:
    return [data[i : i + 3] for i in range(0, len(data), 3)]


CUTS = pytest.mark.parametrize("cut", [whole, byte_by_byte, in_threes])
Cut = Callable[[bytes], list[bytes]]


def converse(loop: EventLoop, theirs: socket.socket, data: bytes, cut: Cut) -> None:
    """Send ``data`` in pieces, each of which arrives by itself."""
    for piece in cut(data):
        theirs.send(piece)
        settle(loop, 4)
    settle(loop)


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
@pytest.mark.parametrize("terminator", [None, b""])
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
            assert self.input_done()

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


def test_a_pause_that_ends_inside_collect_holds_nothing_back(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket]
) -> None:
    class Hesitating(Lines):
        def collect_incoming_data(self, data: bytes) -> None:
            super().collect_incoming_data(data)
            self.pause_reading()
            self.resume_reading()

    channel = Hesitating(loop, sockets[0])
    sockets[1].send(b"one\n")
    settle(loop)
    assert channel.lines == [b"one"]


def test_a_pause_inside_collect_holds_back_the_terminator(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket]
) -> None:
    class Pausing(Lines):
        def collect_incoming_data(self, data: bytes) -> None:
            super().collect_incoming_data(data)
            self.pause_reading()

    channel = Pausing(loop, sockets[0])
    sockets[1].send(b"one\n")
    settle(loop)
    assert (channel.partial, channel.lines) == (b"one", [])
    channel.resume_reading()
    settle(loop)
    assert channel.lines == [b"one"]


def test_an_interrupted_collect_loses_nothing(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket]
) -> None:
    """KeyboardInterrupt passes after the data was collected; the line is complete all the same."""

    class Interrupted(Lines):
        interrupted = False

        def collect_incoming_data(self, data: bytes) -> None:
            super().collect_incoming_data(data)
            if not self.interrupted:
                self.interrupted = True
                raise KeyboardInterrupt

    channel = Interrupted(loop, sockets[0])
    sockets[1].send(b"one\n")
    with pytest.raises(KeyboardInterrupt):
        settle(loop)
    settle(loop)
    assert channel.lines == [b"one"]


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


def test_messages_of_a_fixed_size_are_bounded_in_a_pass_too(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket]
) -> None:
    class Fixed(Lines):
        def handle_line(self, line: bytes) -> None:
            self.set_terminator(1)

    channel = Fixed(loop, sockets[0], terminator=1)
    sockets[1].send(b"x" * (3 * MESSAGES_PER_PASS))
    loop.run_once(0)
    assert 0 < len(channel.lines) <= 2 * MESSAGES_PER_PASS
    settle(loop)
    assert len(channel.lines) == 3 * MESSAGES_PER_PASS


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


@pytest.mark.parametrize("sent", [b"one\n", b"one\ntwo\n"])
def test_what_is_discarded_while_a_message_is_collected_includes_its_terminator(
    loop: EventLoop, sockets: tuple[socket.socket, socket.socket], sent: bytes
) -> None:
    class Discarding(Lines):
        def collect_incoming_data(self, data: bytes) -> None:
            super().collect_incoming_data(data)
            if data == b"one":
                self.discard_buffers()
                self.pause_reading()
                self.resume_reading()

    channel = Discarding(loop, sockets[0])
    sockets[1].send(sent)
    settle(loop)
    assert (channel.partial, channel.lines) == (b"one", [])
