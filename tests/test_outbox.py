"""Invariant: the bytes come out in the order they went in, each once, whatever the kernel takes."""

from hypothesis import given
from hypothesis import strategies as st

from miniloop.outbox import Outbox


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


def test_clear_forgets_bytes_and_rest() -> None:
    outbox = Outbox()
    outbox.pieces.append(b"hello")
    outbox.put_back(outbox.take(), 2)
    outbox.pieces.append(b"a")
    outbox.size()
    outbox.clear()
    assert not outbox
    assert outbox.size() == 0
    outbox.pieces.append(b"b")
    assert outbox.size() == 1
    assert outbox.take() == b"b"


STEP = st.one_of(
    st.tuples(st.just("append"), st.binary(max_size=9)),
    st.tuples(st.just("send"), st.integers(0, 30)),
)


@given(st.lists(STEP, max_size=40))
def test_everything_comes_out_in_order_once(steps: list[tuple[str, bytes | int]]) -> None:
    """Also where a single piece is taken out past the queue, as a dispatcher does."""
    outbox = Outbox()
    plain = True  # nothing is left from before, and nothing was counted
    put, got = b"", b""
    for _, what in steps:
        if isinstance(what, bytes):
            outbox.pieces.append(what)
            put += what
            continue
        data = outbox.pieces.pop() if plain and len(outbox.pieces) == 1 else outbox.take()
        got += bytes(data[:what])
        if what < len(data):
            outbox.put_back(data, what)
        plain = not outbox
        if not plain:
            assert outbox.size() == len(put) - len(got)
    assert got + drain(outbox, 5) == put
