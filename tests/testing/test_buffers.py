"""The two buffers of a connection's end, and the urgent byte in them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniloop.testing.buffers import ReceiveBuffer, Segment, SendBuffer


def arrived(data: bytes, urgent: int | None = None, *, inline: bool = False) -> ReceiveBuffer:
    buffer = ReceiveBuffer(100)
    buffer.inline = inline
    buffer.append(Segment(bytearray(data), urgent))
    return buffer


def test_room_for_one_byte_is_room() -> None:
    buffer = SendBuffer(1)
    assert buffer.writable()
    buffer.append(b"x")
    assert not buffer.writable()


@given(st.binary(min_size=1), st.data())
def test_the_urgent_byte_stays_in_its_place_however_the_stream_is_cut(
    data: bytes, draw: st.DataObject
) -> None:
    mark = draw.draw(st.integers(0, len(data) - 1))
    cuts = sorted(draw.draw(st.sets(st.integers(1, len(data)))) | {0, len(data)})
    sent, received = SendBuffer(10), ReceiveBuffer(10)
    sent.append(data[: mark + 1], urgent=True)
    sent.append(data[mark + 1 :])
    assert sent.urgent_byte() == data[mark : mark + 1]
    for begin, end in pairwise(cuts):
        received.append(sent.cut(end - begin))
        assert received.urgent_byte == (data[mark : mark + 1] if end > mark else b"")
    assert received.urgent_mark == mark
    assert (len(sent), len(received)) == (0, len(data))
    pieces = [received.take(len(data), False) for _ in range(2)]
    assert b"".join(pieces) == data[:mark] + data[mark + 1 :]


def test_a_send_buffer_is_writable_with_a_third_of_it_free() -> None:
    buffer = SendBuffer(9)
    seen = []
    for _ in range(11):
        seen.append((buffer.room(), buffer.writable()))
        buffer.append(b"x")
    assert [room for room, _ in seen] == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, -1]
    assert [room for room, writable in seen if writable] == [9, 8, 7, 6, 5, 4, 3]
    buffer.append(b"!", urgent=True)
    buffer.clear()
    assert (len(buffer), buffer.urgent_byte()) == (0, b"")


def test_reading_stops_before_the_urgent_byte_and_skips_it() -> None:
    buffer = arrived(b"ab!cd", 2)
    assert buffer.take(9, True) == b"ab"
    assert buffer.take(9, False) == b"ab"
    assert buffer.urgent_mark == 0
    assert buffer.take(1, True) == b"c"
    assert buffer.take(1, False) == b"c"
    assert not buffer.has_urgent()
    assert buffer.take(9, False) == b"d"


def test_the_urgent_byte_is_taken_once() -> None:
    buffer = arrived(b"ab!", 2)
    assert buffer.has_urgent()
    assert buffer.take_urgent() == b"!"
    with pytest.raises(OSError, match="Invalid argument"):
        buffer.take_urgent()
    assert buffer.take(9, False) == b"ab"  # the mark is still there
    assert not buffer.readable()
    assert (len(buffer), buffer.room()) == (1, 99)
    assert buffer.take(9, False) == b""  # and is passed
    assert len(buffer) == 0


def test_an_inline_urgent_byte_is_read_with_the_others() -> None:
    buffer = arrived(b"!", 0, inline=True)
    assert buffer.readable()
    with pytest.raises(OSError, match="Invalid argument"):
        buffer.take_urgent()
    assert buffer.take(9, False) == b"!"


def test_a_second_urgent_byte_makes_the_first_ordinary_or_takes_its_place() -> None:
    ordinary, lost = arrived(b"a!", 1), arrived(b"!", 0)
    for buffer in (ordinary, lost):
        buffer.append(Segment(bytearray(b"b?"), 1))
        assert buffer.urgent_byte == b"?"
    assert ordinary.take(9, False) == b"a!b"
    assert lost.take(9, False) == b"b"


def test_a_segment_is_shown_with_its_first_bytes() -> None:
    assert str(Segment(bytearray(b"one\n"), None)) == r"4 bytes b'one\n'"
    assert str(Segment(bytearray(61), None)).endswith(r"\x00'...")
