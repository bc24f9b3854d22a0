from __future__ import annotations

from http import HTTPStatus

from examples.chatroom.doors.web.answers import PLAIN, Answer, policy, refuse

from .helpers import headers


def test_an_answer_in_bytes() -> None:
    answer = Answer(HTTPStatus.OK, b"body", PLAIN, (("ETag", '"x"'),))
    head, _, body = answer.serialize(1_700_000_000.0).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert body == b"body"
    sent = headers(head)
    assert sent["Date"] == "Tue, 14 Nov 2023 22:13:20 GMT"
    assert sent["Content-Length"] == "4"
    assert sent["Connection"] == "close"
    assert sent["Content-Security-Policy"] == policy()
    assert sent["X-Content-Type-Options"] == "nosniff"
    assert sent["Referrer-Policy"] == "no-referrer"
    assert sent["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in sent["Permissions-Policy"]


def test_head_is_the_same_without_the_body() -> None:
    answer = refuse(HTTPStatus.NOT_FOUND, "No.", ("Allow", "GET"))
    whole = answer.serialize(0.0)
    assert answer.serialize(0.0, head_only=True) == whole.removesuffix(b"No.\n")
    assert headers(whole)["Allow"] == "GET"


def test_no_policy_lets_anything_in_from_elsewhere() -> None:
    allowed = {each for rule in policy().split("; ") for each in rule.split()[1:]}
    assert allowed == {"'none'", "'self'", "data:"}
