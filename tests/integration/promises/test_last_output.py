"""A reader gets every byte, a large piece too; a peer that does not read is given up in time."""

import socket

import pytest

from miniloop import EventLoop
from miniloop.testing import FakeClock
from tests.driving import Lines, pair, run_until, settle
from tests.integration.promises.driven import Driven, connected, secure_both

PIECE = 30_000_000


class Counts(Lines):
    """Reads what comes, and keeps none of it."""

    got = 0

    def collect_incoming_data(self, data: bytes) -> None:
        self.got += len(data)


def test_a_large_piece_reaches_a_reader(driven: Driven, secure: bool) -> None:
    size = 1_000_000 if driven.host is not None else 3_000_000  # a host's steps are bounded
    channel, peer = connected(driven, Lines, secure=secure)
    counts = _counting(peer)
    channel.max_output = size // 2
    channel.push(bytes(size))
    channel.close_when_done()
    driven.until(lambda: channel.closed and peer.closed)
    assert (channel.error, peer.error) == (None, None)
    assert sum(counts) == size


def _counting(peer: Lines) -> list[int]:
    """Have the peer count what comes."""
    sizes: list[int] = []
    peer.set_terminator(None)
    peer.collect_incoming_data = lambda data: sizes.append(len(data))  # type: ignore[method-assign]
    return sizes


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6, socket.AF_UNIX])
def test_a_large_piece_on_every_family(loop: EventLoop, family: int) -> None:
    with pair(family) as (ours, theirs):
        channel, peer = Lines(loop, ours), Counts(loop, theirs.dup())
        peer.set_terminator(None)
        channel.push(bytes(PIECE))
        channel.close_when_done()
        theirs.close()
        run_until(loop, lambda: peer.closed)
        assert peer.got == PIECE
        assert channel.error is None


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_UNIX])
def test_a_stuck_reader_costs_a_bounded_queue(loop: EventLoop, family: int) -> None:
    """As long as it takes; the piece, and at most ``max_output`` on top of it."""
    with pair(family) as (ours, _):
        channel = Lines(loop, ours)
        channel.max_output = 1_000_000
        most = 0
        for _ in range(100):
            if channel.closed:
                break
            channel.push(bytes(300_000))
            loop.run_once(0)
            most = max(most, channel.output_size)
        assert channel.closed
        assert 1_000_000 < most <= 1_300_000


def test_a_peer_that_takes_nothing_is_given_up_and_a_slow_one_is_not(secure: bool) -> None:
    clock = FakeClock()
    with EventLoop(debug=True, clock=clock) as loop:
        channels = []
        for _ in range(2):
            ours, theirs = socket.socketpair()
            channel, peer = Lines(loop, ours), Counts(loop, theirs)
            if secure:
                secure_both(channel, peer)
            settle(loop)
            peer.set_terminator(None)
            peer.pause_reading()
            channel.push(bytes(3_000_000))
            channel.close_when_done()
            channels.append((channel, peer))
        (stuck, _), (slow, reads) = channels
        settle(loop)
        for _ in range(100):
            clock.advance(20)
            reads.resume_reading()
            settle(loop, 2)
            if reads.closed:
                break
            reads.pause_reading()
            settle(loop, 2)
        assert isinstance(stuck.error, TimeoutError)
        assert reads.got == 3_000_000
        assert (slow.closed, slow.error) == (True, None)
