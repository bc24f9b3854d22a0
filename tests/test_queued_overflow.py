"""The bound of a queue: more is pushed while more than ``max_output`` of an earlier pass waits."""

import errno
from contextlib import suppress

from miniloop import EventLoop, SimpleProducer, broadcast
from tests.driving import fill
from tests.test_queued import Pair, Sender, drain, pair

__all__ = ["pair"]  # the fixture


def test_the_limit_ends_a_peer_that_does_not_read(loop: EventLoop, pair: Pair) -> None:
    channel = Sender(loop, pair[0])
    channel.max_output = 100_000
    fill(pair[0])
    channel.push(bytes(100_001))
    loop.run_once(0)
    assert channel.seen == ["high"]
    channel.push(b"x")
    loop.run_once(0)
    assert channel.closed
    assert channel.seen == ["high", "close"]
    assert isinstance(channel.error, OSError)
    assert channel.error.errno == errno.ENOBUFS
    assert "max_output = 100000" in str(channel.error)


def stuck(loop: EventLoop, pair: Pair, size: int) -> Sender:
    """A channel whose peer does not read, with so much left by an earlier pass."""
    fill(pair[0])
    channel = Sender(loop, pair[0])
    channel.max_output = 1000
    channel.push(bytes(size))
    loop.run_once(0)
    return channel


def test_several_pieces_of_one_pass_are_one(loop: EventLoop, pair: Pair) -> None:
    channel = stuck(loop, pair, 1000)
    for _ in range(10):
        channel.push(bytes(1000))
    loop.run_once(0)
    assert not channel.closed
    assert channel.output_size == 11_000
    loop.run_once(0)  # a pass in which nothing is pushed
    assert not channel.closed
    channel.push(b"x")
    loop.run_once(0)
    assert channel.closed


def test_a_broadcast_counts_as_a_push(loop: EventLoop, pair: Pair) -> None:
    channel = stuck(loop, pair, 1001)
    broadcast([channel], b"")
    loop.run_once(0)
    assert not channel.closed
    broadcast([channel], b"x")
    loop.run_once(0)
    assert channel.closed


def test_discarded_output_was_not_left(loop: EventLoop, pair: Pair) -> None:
    channel = stuck(loop, pair, 5000)
    channel.discard_output()
    channel.push(bytes(6000))
    loop.run_once(0)
    assert not channel.closed
    assert channel.output_size == 6000


def test_the_limit_of_the_moment_counts(loop: EventLoop, pair: Pair) -> None:
    channel = stuck(loop, pair, 5000)
    channel.max_output = 5000
    channel.push(b"x")
    loop.run_once(0)
    assert not channel.closed
    channel.max_output = 4999
    channel.push(b"x")
    loop.run_once(0)
    assert channel.closed


def test_what_was_sent_meanwhile_was_not_left(loop: EventLoop, pair: Pair) -> None:
    """A reader that reads gets every byte, and the next piece too."""
    channel = Sender(loop, pair[0])
    channel.max_output = 1000
    for size in (100_000, 200_000):
        channel.push(bytes(size))
        assert len(drain(loop, pair[1])) == size
    assert "close" not in channel.seen


def test_more_for_a_trickling_reader_ends_it(loop: EventLoop, pair: Pair) -> None:
    """Room in the kernel at each wake-up must not hide what was pushed before it."""
    channel = Sender(loop, pair[0])
    channel.max_output = 100_000
    most = 0
    for _ in range(300):
        if channel.closed:
            break
        channel.push(bytes(10_000))
        channel.handle_write_event()  # as if the reader had read, in the same pass
        with suppress(BlockingIOError):
            pair[1].recv(1000)
        loop.run_once(0)
        most = max(most, channel.output_size)
    assert channel.closed
    assert most <= 110_000


def test_what_a_producer_makes_is_no_push(loop: EventLoop, pair: Pair) -> None:
    """It takes its place in front of what was pushed behind it."""
    channel = Sender(loop, pair[0])
    channel.max_output = 1000
    channel.push_with_producer(SimpleProducer(bytes(300_000), chunk=10_000))
    channel.push(bytes(5000))
    assert len(drain(loop, pair[1])) == 305_000
    assert "close" not in channel.seen


class Endless:
    """A producer that counts how many of its kind are not closed."""

    waiting = 0

    def __init__(self) -> None:
        Endless.waiting += 1

    def more(self) -> bytes:
        return b"x" * 65536

    def close(self) -> None:
        Endless.waiting -= 1


def test_producers_that_wait_for_a_peer_that_does_not_read_are_bounded(
    loop: EventLoop, pair: Pair
) -> None:
    fill(pair[0])
    channel = Sender(loop, pair[0])
    channel.max_output = 4 * 65536
    for _ in range(3):
        channel.push(Endless())
        loop.run_once(0)
    assert channel.output_size == channel.max_output  # a piece that was made, and three that wait
    channel.push(Endless())
    loop.run_once(0)
    assert channel.output_size > channel.max_output  # and it is open
    channel.push(Endless())
    loop.run_once(0)
    assert channel.closed
    assert isinstance(channel.error, OSError)
    assert channel.error.errno == errno.ENOBUFS
    assert Endless.waiting == 0


def test_a_producer_that_is_larger_than_the_limit_reaches_a_reader(
    loop: EventLoop, pair: Pair
) -> None:
    channel = Sender(loop, pair[0])
    channel.max_output = 65536
    channel.push(SimpleProducer(bytes(1_000_000)))
    assert len(drain(loop, pair[1])) == 1_000_000
