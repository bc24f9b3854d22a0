"""Invariant: the bytes come out in the order they went in, each once, whatever the kernel takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniloop.outbox import Outbox, SimpleProducer


class Pieces:
    """A producer that hands out what it was given and counts how often it was asked."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = list(pieces)
        self.asked = 0

    def more(self) -> bytes:
        self.asked += 1
        return self.pieces.pop(0) if self.pieces else b""


def drain(outbox: Outbox, at_once: int = 1 << 30) -> bytes:
    """Send everything to a kernel that takes at most ``at_once`` bytes."""
    out = b""
    while outbox:
        data = outbox.take()
        out += bytes(data[:at_once])
        if len(data) > at_once:
            outbox.put_back(data, at_once)
    return out


def test_empty() -> None:
    outbox = Outbox()
    assert not outbox
    assert outbox.size() == 0
    assert outbox.take() == b""


def test_one_piece_is_not_copied() -> None:
    outbox, data = Outbox(), b"x" * 100
    outbox.pieces.append(data)
    assert outbox.take() is data
    assert not outbox


def test_many_pieces_are_joined() -> None:
    outbox = Outbox()
    pieces = outbox.pieces
    pieces += [b"a", b"b", b"c"]
    assert outbox.size() == 3
    assert outbox.take() == b"abc"
    assert outbox.pieces is pieces
    assert outbox.size() == 0


def test_what_was_not_sent_comes_first() -> None:
    outbox = Outbox()
    outbox.pieces.append(b"hello")
    outbox.put_back(outbox.take(), 2)
    outbox.pieces.append(b" you")
    assert outbox.size() == 7
    assert outbox.take() == b"llo"
    assert outbox.take() == b" you"


def test_all_sent_leaves_nothing() -> None:
    outbox = Outbox()
    outbox.pieces.append(b"hello")
    outbox.put_back(outbox.take(), 5)
    assert not outbox


def test_size_looks_at_each_piece_once() -> None:
    class Costly(bytes):
        looked = 0

        def __len__(self) -> int:
            Costly.looked += 1
            return super().__len__()

    outbox = Outbox()
    for count in range(1, 100):
        outbox.pieces.append(Costly(b"ab"))
        assert outbox.size() == 2 * count
    assert Costly.looked < 100 * 2


def test_producer_is_asked_until_it_is_empty() -> None:
    outbox, producer = Outbox(), Pieces(b"a", b"b")
    outbox.pieces.append(b"<")
    outbox.add_producer(producer)
    outbox.pieces.append(b">")
    assert outbox.size() == 2
    assert outbox.take() == b"<ab>"
    assert producer.asked == 3
    assert not outbox


def test_producer_is_not_asked_for_more_than_one_system_call_takes() -> None:
    outbox = Outbox()
    producer = Pieces(*[b"x" * 50_000] * 4)
    outbox.add_producer(producer)
    outbox.pieces.append(b"end")
    assert len(outbox.take()) == 100_000
    assert producer.asked == 2
    assert len(outbox.take()) == 100_000
    assert outbox.take() == b"end"


def test_enough_bytes_before_a_producer_leave_it_alone() -> None:
    outbox, producer = Outbox(), Pieces(b"a")
    outbox.pieces.append(b"x" * 70_000)
    outbox.add_producer(producer)
    assert len(outbox.take()) == 70_000
    assert producer.asked == 0
    assert outbox.take() == b"a"


def test_empty_producers() -> None:
    outbox = Outbox()
    outbox.add_producer(Pieces())
    outbox.add_producer(Pieces())
    assert outbox
    assert outbox.take() == b""
    assert not outbox


def test_clear_forgets_bytes_rest_and_producers() -> None:
    outbox = Outbox()
    outbox.pieces.append(b"hello")
    outbox.put_back(outbox.take(), 2)
    outbox.add_producer(Pieces(b"a"))
    outbox.clear()
    assert not outbox
    assert outbox.size() == 0
    outbox.pieces.append(b"b")
    assert outbox.take() == b"b"


def test_wrong_producers() -> None:
    outbox = Outbox()
    with pytest.raises(TypeError, match=r"more\(\)"):
        outbox.add_producer(b"bytes")  # type: ignore[arg-type]  # on purpose
    outbox.add_producer(Pieces("text"))  # type: ignore[arg-type]  # on purpose
    with pytest.raises(TypeError, match="returned 'text'"):
        outbox.take()


def test_simple_producer() -> None:
    producer = SimpleProducer(b"abcde", chunk=2)
    assert [producer.more() for _ in range(5)] == [b"ab", b"cd", b"e", b"", b""]


STEP = st.one_of(
    st.tuples(st.just("append"), st.binary(max_size=9)),
    st.tuples(st.just("producer"), st.lists(st.binary(min_size=1, max_size=9), max_size=4)),
    st.tuples(st.just("big"), st.integers(1, 3)),
    st.tuples(st.just("send"), st.integers(0, 90_000)),
)


@given(st.lists(STEP, max_size=40))
def test_everything_comes_out_in_order_once(steps: list[tuple[str, object]]) -> None:
    outbox = Outbox()
    put, got = b"", b""
    for kind, what in steps:
        if kind == "append" and isinstance(what, bytes):
            outbox.pieces.append(what)
            put += what
        elif kind == "producer" and isinstance(what, list):
            outbox.add_producer(Pieces(*what))
            put += b"".join(what)
        elif kind == "big" and isinstance(what, int):
            pieces = [bytes([what]) * 30_000] * what
            outbox.add_producer(Pieces(*pieces))
            put += b"".join(pieces)
        elif isinstance(what, int):
            data = outbox.take()
            got += bytes(data[:what])
            outbox.put_back(data, min(what, len(data)))
        assert outbox.size() <= len(put) - len(got)
    assert got + drain(outbox, 40_000) == put
