from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.chatroom.doors.web.head import HeadReader, Unfit

GOOD = b"GET / HTTP/1.1\r\nHost: chat.example\r\n\r\n"


def read(data: bytes, size: int = 1 << 20, max_size: int = 4096) -> tuple[bytes, bytes] | int:
    """Feed `data` in pieces of `size`; return head and rest, or the status of the answer."""
    reader = HeadReader(max_size, 10)
    for start in range(0, len(data), size):
        try:
            head = reader.receive(data[start : start + size])
        except Unfit as unfit:
            return unfit.answer.status.value
        if head is not None:
            return head, reader.rest + data[start + size :]
    return 0


@given(st.binary(max_size=50), st.integers(1, 100))
def test_any_pieces_give_the_same_head(rest: bytes, size: int) -> None:
    assert read(GOOD + rest, size) == (GOOD, rest)


@given(st.binary(max_size=300), st.integers(1, 300))
def test_any_bytes_are_answered_or_waited_for(data: bytes, size: int) -> None:
    whole = read(data)
    assert read(data, size) == whole


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_good_ones_pass(method: str, version: str) -> None:
    head = f"{method} /a?b HTTP/{version}\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode()
    assert read(head) == (head, b"")


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01", 400),  # TLS
        (b"hello\r\n", 400),
        (b"\r\nGET / HTTP/1.1\r\n\r\n", 400),
        (b"GET /\r\n\r\n", 400),
        (b"GET / HTTP/1.1 \r\nHost: x\r\n\r\n", 400),
        (b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),  # no Host
        (b"GET / HTTP/1.1\r\nHost: x\r\nhost: y\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\n", 505),
        (b"GET / HTTP/1.2\r\nHost: x\r\n\r\n", 505),
        (b"POST / HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n", 413),
        (b"GET / HTTP/1.1\r\nHost: x\r\nCONTENT-LENGTH:\t 10\r\n\r\n", 413),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0, 5\r\n\r\n", 413),
        (b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", 413),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * 20 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * 20, 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\na: " + b"b" * 5000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\na: " + b"b" * 5000, 431),
    ],
)
@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_others_are_refused(data: bytes, status: int, size: int) -> None:
    assert read(data, size) == status


@pytest.mark.parametrize("size", [1000, 1 << 20])
def test_lines_are_bounded(size: int) -> None:
    def of_lines(line: int, header: int) -> bytes:
        return b"GET /%b HTTP/1.1\r\nHost: x\r\na: %b\r\n\r\n" % (b"a" * line, b"b" * header)

    assert read(of_lines(9000, 1), size, 1 << 16) == 414
    assert read(of_lines(1, 9000), size, 1 << 16) == 431
    assert read(of_lines(8000, 8000), size, 1 << 16) == (of_lines(8000, 8000), b"")
