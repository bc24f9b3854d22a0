"""Invariant: bytes and what producers make come out in order, each once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniloop.net.producers import ENOUGH, ProducingOutbox, SimpleProducer
from miniloop.outbox import Outbox
from miniloop.queued import QueuedDispatcher
from miniloop.testing import GENTLE, SimulatedNetwork
from tests.test_outbox import drain


class Pieces:
    """A producer that hands out what it was given and counts how often it was asked."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = list(pieces)
        self.asked = 0

    def more(self) -> bytes:
        self.asked += 1
        return self.pieces.pop(0) if self.pieces else b""


class Closing(Pieces):
    closed = 0

    def close(self) -> None:
        self.closed += 1


def test_producer_is_asked_until_it_is_empty() -> None:
    outbox, producer = ProducingOutbox(Outbox()), Closing(b"a", b"b")
    outbox.pieces.append(b"<")
    outbox.add(producer)
    outbox.pieces.append(b">")
    assert (outbox.size(), outbox.promised) == (2, ENOUGH)
    assert outbox.take() == b"<ab>"
    assert (producer.asked, producer.closed, outbox.promised) == (3, 1, 0)
    assert not outbox


def test_producer_is_not_asked_for_more_than_one_system_call_takes() -> None:
    outbox = ProducingOutbox(Outbox())
    producer = Pieces(*[b"x" * 50_000] * 4)
    outbox.add(producer)
    outbox.pieces.append(b"end")
    assert len(outbox.take()) == 100_000
    assert producer.asked == 2
    assert len(outbox.take()) == 100_000
    assert outbox.take() == b"end"


def test_enough_bytes_before_a_producer_leave_it_alone() -> None:
    outbox, producer = ProducingOutbox(Outbox()), Pieces(b"a")
    outbox.pieces.append(b"x" * 70_000)
    outbox.add(producer)
    assert len(outbox.take()) == 70_000
    assert producer.asked == 0
    assert outbox.take() == b"a"


def test_empty_producers() -> None:
    outbox = ProducingOutbox(Outbox())
    outbox.add(Pieces())
    outbox.add(Pieces())
    assert outbox.promised == 2 * ENOUGH
    assert outbox
    assert outbox.take() == b""
    assert not outbox


def test_wrong_producers() -> None:
    outbox = ProducingOutbox(Outbox())
    outbox.add(Pieces("text"))  # type: ignore[arg-type]  # on purpose
    with pytest.raises(TypeError, match="made 'text', not bytes"):
        outbox.take()


def test_simple_producer() -> None:
    producer = SimpleProducer(b"abcde", chunk=2)
    assert [producer.more() for _ in range(5)] == [b"ab", b"cd", b"e", b"", b""]


def test_it_goes_on_where_the_plain_queue_was() -> None:
    before = Outbox()
    before.pieces += [b"hello", b" you"]
    before.put_back(before.take(), 3)
    before.pieces.append(b", there")
    outbox = ProducingOutbox(before)
    assert outbox.pieces is before.pieces
    outbox.add(Pieces(b"!"))
    assert outbox.size() == 13
    assert drain(outbox, 4) == b"lo you, there!"


def test_a_producer_alone_is_asked_on_a_connection_whose_output_was_plain_before() -> None:
    net = SimulatedNetwork(1, faults=GENTLE)
    with net.loop() as loop:
        ours, peer = net.socketpair()
        channel = QueuedDispatcher(loop, ours)
        for word in (b"a", b"b"):
            channel.push(word)
            net.settle()
            channel.push_with_producer(Pieces(word, word))
            net.settle()
        assert peer.recv(100) == b"aaabbb"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_what_was_made_before_a_producer_raises_stays_queued(error: type[BaseException]) -> None:
    class Broken:
        pieces = [b"one", b"two"]  # noqa: RUF012 - of this test only

        def more(self) -> bytes:
            if self.pieces:
                return self.pieces.pop(0)
            raise error

    outbox = ProducingOutbox(Outbox())
    outbox.pieces.append(b"zero")
    outbox.add(Broken())
    outbox.pieces.append(b"behind")
    if error is ValueError:  # what was made leaves first
        assert outbox.take() == b"zeroonetwo"
        for _ in range(2):
            with pytest.raises(error):
                outbox.take()
    else:  # an interrupt goes to run() at once
        with pytest.raises(error):
            outbox.take()
        assert outbox.take() == b"zeroonetwo"


@pytest.mark.parametrize("dropping", [False, True])
def test_a_producer_that_raises_after_others_were_taken_is_closed(dropping: bool) -> None:
    class Broken(Closing):
        def more(self) -> bytes:
            if dropping:
                outbox.clear()
            raise ValueError

    outbox, broken = ProducingOutbox(Outbox()), Broken()
    outbox.pieces.append(b"before")
    outbox.add(broken)
    if dropping:
        with pytest.raises(ValueError, match=r"^$"):
            outbox.take()
    else:
        assert outbox.take() == b"before"
    assert broken.closed == 1


def test_clear_forgets_and_closes_producers() -> None:
    outbox, producers = ProducingOutbox(Outbox()), [Closing(b"a"), Closing(b"b")]
    outbox.pieces.append(b"bytes")
    for producer in producers:
        outbox.add(producer)
    outbox.clear()
    assert not outbox
    assert outbox.take() == b""
    assert outbox.promised == 0
    assert [producer.closed for producer in producers] == [1, 1]


STEP = st.one_of(
    st.tuples(st.just("append"), st.binary(max_size=9)),
    st.tuples(st.just("producer"), st.lists(st.binary(min_size=1, max_size=9), max_size=4)),
    st.tuples(st.just("big"), st.integers(1, 3)),
    st.tuples(st.just("send"), st.integers(0, 90_000)),
    st.tuples(st.just("drop"), st.none()),
)


@given(st.lists(STEP, max_size=40))
def test_everything_comes_out_in_order_once(steps: list[tuple[str, object]]) -> None:
    outbox = ProducingOutbox(Outbox())
    put, got = b"", b""
    producers: list[Closing] = []

    def produce(*pieces: bytes) -> None:
        producers.append(Closing(*pieces))
        outbox.add(producers[-1])

    for kind, what in steps:
        if kind == "append" and isinstance(what, bytes):
            outbox.pieces.append(what)
            put += what
        elif kind == "producer" and isinstance(what, list):
            produce(*what)
            put += b"".join(what)
        elif kind == "big" and isinstance(what, int):
            pieces = [bytes([what]) * 30_000] * what
            produce(*pieces)
            put += b"".join(pieces)
        elif kind == "drop":
            outbox.clear()
            got = put
        elif isinstance(what, int):
            data = outbox.take()
            got += bytes(data[:what])
            outbox.put_back(data, min(what, len(data)))
        assert outbox.size() <= len(put) - len(got)
        waiting = [producer for producer in producers if not producer.closed]
        assert outbox.promised == len(waiting) * ENOUGH
    assert got + drain(outbox, 40_000) == put
    assert all(producer.closed == 1 for producer in producers)


def test_a_producer_may_ask_for_the_size() -> None:
    class Asking(Pieces):
        def more(self) -> bytes:
            outbox.size()
            return super().more()

    outbox = ProducingOutbox(Outbox())
    outbox.add(Asking(b"a"))
    outbox.pieces.append(b"bc")
    assert outbox.take() == b"abc"
    assert outbox.size() == 0
    outbox.pieces.append(b"defg")
    assert outbox.size() == 4
