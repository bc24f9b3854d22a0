"""Requests, good and bad."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.watch.http import LONGEST_BODY, MOST_FIELDS, BadRequest, parse_head


def test_a_request() -> None:
    request = parse_head(b"GET /events?x=1 HTTP/1.1\r\nHost: here:1\r\nX-Token:  a b\t")
    assert (request.method, request.path, request.length) == ("GET", "/events", 0)
    assert request.fields == {"host": "here:1", "x-token": "a b"}


def test_a_body_is_announced() -> None:
    assert parse_head(b"POST /control HTTP/1.1\r\nContent-Length: 12").length == 12


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"", 400),
        (b"GET / HTTP/2", 400),
        (b"GET http://x/ HTTP/1.1", 400),
        (b"get / HTTP/1.1", 400),
        (b"GET  / HTTP/1.1", 400),
        (b"GET /\xff HTTP/1.1", 400),
        (b"GET / HTTP/1.1\r\nno colon", 400),
        (b"GET / HTTP/1.1\r\n folded: x", 400),
        (b"GET / HTTP/1.1\r\nname : x", 400),
        (b"GET / HTTP/1.1\r\na: \x00", 400),
        (b"GET / HTTP/1.1\r\na: x\ny: z", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nhost: b", 400),
        (b"GET / HTTP/1.1\r\nContent-Length: -1", 400),
        (b"GET / HTTP/1.1\r\nContent-Length: 1e3", 400),
        (b"GET / HTTP/1.1\r\nContent-Length: %d" % (LONGEST_BODY + 1), 413),
        (b"GET / HTTP/1.1\r\nContent-Length: " + b"9" * 5000, 413),
        (b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked", 501),
        (b"GET / HTTP/1.1" + b"".join(b"\r\na%d: x" % n for n in range(MOST_FIELDS + 1)), 431),
    ],
)
def test_what_is_refused(head: bytes, status: int) -> None:
    with pytest.raises(BadRequest) as refused:
        parse_head(head)
    assert refused.value.status == status
    assert str(refused.value).endswith(".")


@given(st.binary(max_size=300) | st.binary(max_size=300).map(lambda x: b"GET / HTTP/1.1\r\n" + x))
def test_nothing_but_requests_and_refusals(head: bytes) -> None:
    with contextlib.suppress(BadRequest):
        assert parse_head(head).path.startswith("/")
