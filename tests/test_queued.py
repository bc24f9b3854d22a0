"""A queue of output without any parsing of input."""

import errno
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from miniloop import EventLoop, Listener
from miniloop.queued import QueuedDispatcher
from miniloop.testing import GENTLE, SimulatedNetwork
from tests.driving import fill

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

Pair = tuple[socket.socket, socket.socket]


class Sender(QueuedDispatcher):
    """Notes what it is told, and reads to find the end."""

    def __init__(self, loop: EventLoop, sock: socket.socket) -> None:
        super().__init__(loop, sock)
        self.seen: list[str] = []

    def handle_read(self) -> None:
        self.recv()

    def handle_close(self) -> None:
        self.seen.append("close")

    def handle_high_water(self) -> None:
        self.seen.append("high")

    def handle_low_water(self) -> None:
        self.seen.append("low")


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    for end in (ours, theirs):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
    theirs.setblocking(False)
    yield ours, theirs
    theirs.close()


def drain(loop: EventLoop, theirs: socket.socket, passes: int = 400) -> bytes:
    """Run passes and read what arrives, until the end or until nothing more comes."""
    received = b""
    for _ in range(passes):
        loop.run_once(0)
        try:
            data = theirs.recv(1 << 20)
        except BlockingIOError:
            continue
        if not data:
            break
        received += data
    return received


def test_output_size_is_right_after_every_way_out(loop: EventLoop, pair: Pair) -> None:
    """A queue whose pieces were counted must not be emptied past the count."""
    ours, theirs = pair
    sender = Sender(loop, ours)
    for _ in range(3):
        sender.push(b"ab")
        assert sender.output_size == 2
        sender.push(b"c")
        assert drain(loop, theirs, 2) == b"abc"
        assert sender.output_size == 0
        sender.push(b"d")
        assert drain(loop, theirs, 2) == b"d"
        sender.push(b"e")
        assert sender.output_size == 1
        assert drain(loop, theirs, 2) == b"e"
    sender.push(b"x" * 100_000)
    loop.run_once(0)
    left = sender.output_size
    assert 0 < left < 100_000
    sender.push(b"y")
    assert sender.output_size == left + 1
    assert drain(loop, theirs) == b"x" * 100_000 + b"y"


def test_pieces_leave_in_order_with_one_call(loop: EventLoop, pair: Pair) -> None:
    channel = Sender(loop, pair[0])
    for number in range(10):
        channel.push(b"%d" % number)
    assert channel.output_size == 10
    loop.run_once(0)
    assert channel.output_size == 0
    assert pair[1].recv(100) == b"0123456789"


def test_one_flush_for_all_that_is_pushed_in_a_pass(loop: EventLoop, pair: Pair) -> None:
    class Counting(Sender):
        flushes = 0

        def flush(self) -> None:
            self.flushes += 1
            super().flush()

    sender = Counting(loop, pair[0])

    def push_twice() -> None:
        sender.push(b"a")
        sender.push(b"b")

    push_twice()
    loop.run_once(0)
    assert sender.flushes == 1
    loop.call_soon(push_twice)
    assert drain(loop, pair[1], passes=3) == b"abab"
    assert sender.flushes == 2


class Interrupted(socket.socket):
    """Ctrl-C arrives in the first send()."""

    interrupted = False

    def send(self, data: "ReadableBuffer", flags: int = 0) -> int:
        if not self.interrupted:
            self.interrupted = True
            raise KeyboardInterrupt
        return super().send(data, flags)


def test_what_an_interrupted_send_was_to_send_leaves_later(loop: EventLoop, pair: Pair) -> None:
    ours, theirs = pair
    sender = Sender(loop, Interrupted(fileno=ours.detach()))
    sender.push(b"all of it")
    with pytest.raises(KeyboardInterrupt):
        loop.run_once(0)
    sender.push(b", in order")
    assert drain(loop, theirs, passes=3) == b"all of it, in order"


def test_a_slow_reader_gets_all_of_it_and_the_program_hears(loop: EventLoop, pair: Pair) -> None:
    channel = Sender(loop, pair[0])
    data = bytes(range(256)) * 2048
    channel.push(data)
    loop.run_once(0)
    assert channel.seen == ["high"]
    assert drain(loop, pair[1]) == data
    assert channel.seen == ["high", "low"]


def test_one_byte_more_than_a_mark_or_the_limit(loop: EventLoop, pair: Pair) -> None:
    fill(pair[0])
    sender = Sender(loop, pair[0])
    sender.low_water, sender.high_water, sender.max_output = 5, 10, 12

    def queued(size: int) -> list[str]:
        sender.push(bytes(size - sender.output_size))
        loop.run_once(0)
        return sender.seen

    assert queued(10) == []
    assert queued(11) == ["high"]
    sender.discard_output()
    assert queued(6) == ["high"]
    sender.discard_output()
    assert queued(5) == ["high", "low"]
    assert queued(12) == ["high", "low", "high"]
    assert queued(13)[3:] == []  # no more than the limit was left before
    assert queued(14)[3:] == ["close"]


def test_close_forgets_what_is_queued(loop: EventLoop, pair: Pair) -> None:
    sender = Sender(loop, pair[0])
    sender.push(b"never sent")
    sender.close()
    assert sender.output_size == 0
    assert drain(loop, pair[1], passes=3) == b""


def test_close_when_done_sends_first(loop: EventLoop, pair: Pair) -> None:
    channel = Sender(loop, pair[0])
    channel.push(b"x" * 100_000)
    channel.close_when_done()
    channel.push(b"too late")
    assert drain(loop, pair[1]) == b"x" * 100_000
    assert channel.seen[-1] == "close"


def test_close_write_sends_first_and_reads_on(loop: EventLoop, pair: Pair) -> None:
    channel = Sender(loop, pair[0])
    channel.push(b"last words")
    channel.close_write()
    with pytest.raises(RuntimeError, match="push everything before it"):
        channel.push(b"more")
    assert drain(loop, pair[1]) == b"last words"
    assert not channel.closed
    pair[1].close()
    loop.run_once(0)
    assert channel.closed


def test_close_write_again_costs_nothing() -> None:
    """The kernel calls the second one an error once the peer has finished too."""
    net = SimulatedNetwork(1, faults=GENTLE)
    channels: list[Sender] = []
    with net.loop() as loop:
        Listener(loop, ("server", 1), lambda loop, sock: channels.append(Sender(loop, sock)))
        peer = net.connect(("server", 1))
        net.settle()
        channels[0].pause_reading()
        channels[0].close_write()
        peer.send(b"not read yet")
        peer.finish()
        net.settle()
        channels[0].close_write()
        net.settle()
        assert not channels[0].closed
        assert channels[0].recv() == b"not read yet"


def test_close_when_done_without_a_socket(
    loop: EventLoop, caplog: pytest.LogCaptureFixture
) -> None:
    channel = QueuedDispatcher(loop)
    channel.close_when_done()
    loop.run_once(0)
    assert channel.closed
    assert caplog.text == ""


@pytest.mark.needs("unix sockets")
def test_nothing_is_queued_once_both_sides_have_finished(loop: EventLoop, pair: Pair) -> None:
    ours, theirs = pair
    size = fill(ours)
    sender = Sender(loop, ours)
    sender.push(b"last")
    theirs.shutdown(socket.SHUT_WR)
    loop.run_once(0)
    sender.close_write()
    sender.push(b"too late")
    assert drain(loop, theirs)[size:] == b"last"
    assert sender.seen == ["close"]


def test_the_peers_end_waits_for_the_queue(loop: EventLoop, pair: Pair) -> None:
    channel = Sender(loop, pair[0])
    channel.push(b"y" * 100_000)
    pair[1].shutdown(socket.SHUT_WR)
    assert drain(loop, pair[1]) == b"y" * 100_000
    assert channel.seen[-1] == "close"


def test_an_answer_made_after_the_peers_end_is_sent_before_the_close(
    loop: EventLoop, pair: Pair
) -> None:
    class Working(Sender):
        working = True

        def input_done(self) -> bool:
            return not self.working

    channel = Working(loop, pair[0])
    pair[1].shutdown(socket.SHUT_WR)
    loop.run_once(0)
    assert channel.seen == []
    channel.working = False
    channel.push(b"answer")
    assert drain(loop, pair[1]) == b"answer"
    assert channel.seen == ["close"]


def test_discarded_output_is_not_sent(loop: EventLoop, pair: Pair) -> None:
    channel = Sender(loop, pair[0])
    channel.push(b"never")
    channel.discard_output()
    channel.push(b"this")
    assert drain(loop, pair[1], passes=3) == b"this"


def test_a_producer_is_asked_until_it_ends(loop: EventLoop, pair: Pair) -> None:
    class Counter:
        def __init__(self) -> None:
            self.left = 3

        def more(self) -> bytes:
            self.left -= 1
            return b"%d" % self.left if self.left >= 0 else b""

    channel = Sender(loop, pair[0])
    channel.push(b"<")
    channel.push_with_producer(Counter())
    channel.push(b">")
    assert drain(loop, pair[1], passes=4) == b"<210>"


@pytest.mark.parametrize("wrong", ["text", 7, None])
def test_what_is_not_bytes_is_refused_at_once(loop: EventLoop, pair: Pair, wrong: object) -> None:
    channel = Sender(loop, pair[0])
    with pytest.raises(TypeError, match="push\\(\\) takes bytes"):
        channel.push(wrong)  # type: ignore[arg-type]  # that is the test
    channel.close()
    with pytest.raises(RuntimeError, match="closed channel"):
        channel.push(b"late")


class TwoBuffers:
    """A producer of two full system calls."""

    def __init__(self) -> None:
        self.left = 2

    def more(self) -> bytes:
        self.left -= 1
        return b"p" * 65536 if self.left >= 0 else b""


def test_what_is_pushed_after_close_when_done_is_discarded_while_a_producer_goes_on(
    loop: EventLoop,
) -> None:
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    with theirs:
        channel = Sender(loop, ours)
        channel.push_with_producer(TwoBuffers())
        channel.close_when_done()
        loop.run_once(0)
        assert not channel.closed
        channel.push(b"late")
        assert drain(loop, theirs, passes=9) == b"p" * 2 * 65536
        assert channel.closed


def test_push_after_close_write_is_refused_while_a_producer_goes_on(loop: EventLoop) -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        channel = Sender(loop, ours)
        channel.push_with_producer(TwoBuffers())
        channel.close_write()
        loop.run_once(0)
        with pytest.raises(RuntimeError, match="after close_write"):
            channel.push(b"late")


def test_a_producer_may_close_its_channel(
    loop: EventLoop, pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    class Closing:
        def more(self) -> bytes:
            channel.close()
            return b"too late"

    channel = Sender(loop, pair[0])
    channel.push_with_producer(Closing())
    assert drain(loop, pair[1], passes=2) == b""
    assert channel.closed
    assert (channel.seen, caplog.records) == ([], [])


def test_a_datagram_that_is_lost_does_not_keep_the_channel_open(loop: EventLoop) -> None:
    class Lossy(socket.socket):
        errors = iter([BlockingIOError(), ConnectionRefusedError(errno.ECONNREFUSED, "refused")])

        def send(self, data: object, flags: int = 0, /) -> int:
            raise next(self.errors)

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        ours = Lossy(socket.AF_INET, socket.SOCK_DGRAM)
        ours.connect(server.getsockname())
        channel = Sender(loop, ours)
        channel.push(b"question")
        channel.close_when_done()
        loop.run()
        assert channel.seen == ["close"]
