from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.chatroom.doors.web.origin import may_connect, normal


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("https://Chat.Example", "https://chat.example:443"),
        ("http://chat.example", "http://chat.example:80"),
        ("http://chat.example:8080", "http://chat.example:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("HTTPS://a", "https://a:443"),
    ],
)
def test_equal_origins_become_equal(origin: str, expected: str) -> None:
    assert normal(origin) == expected


@pytest.mark.parametrize(
    "origin",
    ["", "null", "chat.example", "ftp://a", "https://", "https://a/", "https://a/b", "https://a?b",
     "https://a#b", "https://me@a", "https://a:x", "https://a:99999", "https://[::1", "file://"],
)  # fmt: skip
def test_others_are_none(origin: str) -> None:
    with pytest.raises(ValueError, match=r"no origin; one looks like https://"):
        normal(origin)


@pytest.mark.parametrize(
    ("origin", "host", "secure", "allowed"),
    [
        ("http://a:8080", "a:8080", False, True),
        ("http://a", "a", False, True),
        ("http://a", "a:80", False, True),
        ("https://a", "a:443", True, True),
        ("https://A", "a", True, True),
        ("http://a:8081", "a:8080", False, False),
        ("http://b:8080", "a:8080", False, False),
        ("https://a:8080", "a:8080", False, False),
        ("http://a:8080", "a:8080", True, False),
        ("http://a.b:8080", "a:8080", False, False),
        ("null", "a", False, False),
        ("", "a", False, False),
        ("http://a", "", False, False),
        ("http://a", "a/b", False, False),
        ("https://proxy.example", "a:8080", False, True),
        (None, "a", False, True),
        (None, "", True, True),
    ],
)
def test_who_may_come_in(origin: str | None, host: str, secure: bool, allowed: bool) -> None:
    others = {normal("https://proxy.example")}
    assert may_connect(origin, host, secure=secure, allowed=others) is allowed


@given(st.text(), st.text(), st.booleans())
def test_any_text_is_no_reason_to_fail(origin: str, host: str, secure: bool) -> None:
    may_connect(origin, host, secure=secure)
