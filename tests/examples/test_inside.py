"""The solutions of the exercises of docs/inside/ that are programs."""

import socket
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.inside.allowance import Allowance
from examples.inside.every import Every
from examples.inside.generations import Generations
from examples.inside.naive_splitter import NaiveSplitter, fast_messages
from examples.inside.relay import join
from miniloop import EventLoop
from miniloop.testing import FakeClock
from tests.driving import receive, settle

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pairs() -> Iterator[Callable[[], Pair]]:
    """A maker of connected pairs, closed afterwards."""
    made: list[socket.socket] = []

    def make() -> Pair:
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        made.extend((ours, theirs))
        return ours, theirs

    yield make
    for sock in made:
        sock.close()


def test_an_allowance_is_not_exceeded(pairs: Callable[[], Pair]) -> None:
    """In debug mode, which raises on a change that was not announced."""
    clock = FakeClock()
    with EventLoop(clock=clock, debug=True) as loop:
        ours, theirs = pairs()
        channel = Allowance(loop, ours)
        theirs.send(b"x" * 2500)
        for received in (1000, 2000, 2500):
            settle(loop)
            assert len(channel.data) == received
            clock.advance(1)
        channel.left = 1
        theirs.send(b"y")
        theirs.close()
        settle(loop)
        clock.advance(1)
        settle(loop)
        assert channel.closed


def test_a_generation_gets_its_own_events_only() -> None:
    seen: list[str] = []
    handlers = Generations()
    bob = handlers.register(8, lambda: seen.append("Bob"))
    eve = handlers.register(8, lambda: seen.append("Eve"))
    assert not handlers.deliver(bob)
    handlers.unregister(bob)  # late: it is nobody's any more
    assert handlers.deliver(eve)
    handlers.unregister(eve)
    assert not handlers.deliver(eve)
    assert seen == ["Eve"]


def test_every_does_not_drift() -> None:
    clock = FakeClock(0.0)
    calls: list[float] = []
    with EventLoop(clock=clock) as loop:

        def slow() -> None:
            calls.append(clock())
            clock.advance(0.4)
            if len(calls) == 3:
                clock.advance(10)  # one comes late, nine are skipped

        every = Every(loop, 1.0, slow)
        while len(calls) < 7:
            clock.advance(0.25)
            loop.run_once(0)
        every.cancel()
        clock.advance(10)
        loop.run_once(0)
    assert [int(when) for when in calls] == [1, 2, 3, 13, 14, 15, 16]
    assert all(when % 1 < 0.7 for when in calls)


@given(
    st.lists(st.sampled_from([b"a", b"\r", b"\n", b"\r\n", b"ab\r"]), max_size=60),
    st.sampled_from([b"\n", b"\r\n", b"a\r", b"aa"]),
)
def test_the_framer_splits_as_the_naive_one_does(chunks: list[bytes], terminator: bytes) -> None:
    naive = NaiveSplitter(terminator)
    assert fast_messages(chunks, terminator) == [m for chunk in chunks for m in naive.feed(chunk)]


def test_a_relay_keeps_little_and_loses_nothing(loop: EventLoop, pairs: Callable[[], Pair]) -> None:
    (one, sender), (other, reader) = pairs(), pairs()
    ends = join(loop, one, other)
    data = bytes(range(256)) * 32768

    def send_what_fits() -> int:
        sent = 0
        with suppress(BlockingIOError):
            while sent < len(data):
                sent += sender.send(data[sent : sent + 65536])
                settle(loop, 3)
        return sent

    sent = send_what_fits()
    assert sent < len(data) / 4, "nobody reads, so all of it is somewhere in between"
    assert 65536 < ends[1].output_size < 300_000
    got = b""
    while len(got) < sent:
        got += receive(reader)
        settle(loop, 3)
    assert got == data[:sent]
    reader.send(b"thanks")
    settle(loop)
    assert receive(sender) == b"thanks"
    sender.close()
    settle(loop)
    assert all(end.closed for end in ends)
