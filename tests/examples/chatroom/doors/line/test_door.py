"""What of the door needs no connection; the rest is in tests/integration/test_chatroom.py."""

from __future__ import annotations

import email.parser

import pytest

from examples.chatroom.doors.line.door import HTTP_ANSWER, is_http_request


def test_the_http_answer_is_valid() -> None:
    head, _, body = HTTP_ANSWER.partition(b"\r\n\r\n")
    status, _, fields = head.partition(b"\r\n")
    headers = email.parser.BytesHeaderParser().parsebytes(fields)
    assert status == b"HTTP/1.1 400 Bad Request"
    assert int(headers["Content-Length"]) == len(body)
    assert headers["Connection"] == "close"


@pytest.mark.parametrize(
    "line",
    [b"GET / HTTP/1.1", b"POST /x?y=z HTTP/1.0", b"PRI * HTTP/2.0", b"CONNECT a:443 HTTP/1.1"],
)
def test_http_requests_are_recognised(line: bytes) -> None:
    assert is_http_request(line)


@pytest.mark.parametrize("line", [b"ann", b"GET", b"GET it", b"", b"get / http/1.1"])
def test_other_first_lines_are_not_http(line: bytes) -> None:
    assert not is_http_request(line)
