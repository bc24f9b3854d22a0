"""Input and output are bounded, and splitting is linear."""

import contextlib
import tracemalloc
from collections.abc import Iterator

from miniloop import AsyncChat, EventLoop
from miniloop.chat import MESSAGES_PER_PASS
from tests.driving import Lines, fill, pair, settle


@contextlib.contextmanager
def memory(most: int) -> Iterator[None]:
    """Check that no more than this many bytes are allocated at any time."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < most
    finally:
        tracemalloc.stop()


def test_input_is_bounded(loop: EventLoop) -> None:
    with pair() as (ours, theirs):
        channel = Lines(loop, ours)
        channel.max_input = 1000
        sent = 0
        with memory(1 << 19):
            while not channel.closed and sent < 10_000_000:
                with contextlib.suppress(BlockingIOError, BrokenPipeError):
                    sent += theirs.send(b"x" * 10_000)
                loop.run_once(0)
        assert channel.closed
        assert len(channel.partial) == channel.max_input


def test_skipped_input_is_not_kept(loop: EventLoop) -> None:
    class Tolerant(Lines):
        def handle_input_overflow(self) -> None:
            self.partial = b""

    with pair() as (ours, theirs):
        channel = Tolerant(loop, ours)
        with memory(1 << 19):
            for _ in range(300):
                theirs.send(b"x" * 10_000)
                settle(loop, 2)
        theirs.send(b"\nok\n")
        settle(loop)
        assert channel.lines == [b"ok"]


def test_output_is_bounded(loop: EventLoop) -> None:
    with pair() as (ours, _theirs):
        channel = Lines(loop, ours)
        most = 0
        for _ in range(1000):
            if channel.closed:
                break
            channel.push(b"x" * 1_000_000)
            loop.run_once(0)
            most = max(most, channel.output_size)
        assert channel.seen == ["high", "close"] or channel.seen == ["high", "close", "low"]
        assert most <= AsyncChat.max_output + 1_000_000


def test_paused_input_is_left_to_the_kernel(loop: EventLoop) -> None:
    with pair() as (ours, theirs):
        channel = Lines(loop, ours)
        channel.pause_reading()
        fill(theirs)
        settle(loop)
        assert fill(theirs) == 0  # nothing was taken
        assert channel.partial == b""


def test_a_mebibyte_of_newlines_takes_a_linear_number_of_passes(loop: EventLoop) -> None:
    with pair() as (ours, theirs):
        channel = Lines(loop, ours)
        left, passes = 1 << 20, 0
        while len(channel.lines) < 1 << 20:
            if left:
                with contextlib.suppress(BlockingIOError):
                    left -= theirs.send(b"\n" * min(left, 65536))
            loop.run_once(0)
            passes += 1
            assert passes < 3 * (1 << 20) // MESSAGES_PER_PASS
