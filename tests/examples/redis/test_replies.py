"""Replies from bytes in any pieces, and what a server may not do to us."""

import random
from typing import Any

import hiredis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.redis.replies import (
    MOST_DEPTH,
    MOST_ITEMS,
    MOST_LINE,
    Extent,
    ProtocolError,
    Replies,
    brief,
    error_code,
    is_not_up,
    shown,
)

EACH = [
    (b"+OK\r\n", b"OK"),
    (b":-7\r\n", -7),
    (b"$0\r\n\r\n", b""),
    (b"$4\r\na\r\nb\r\n", b"a\r\nb"),
    (b"$-1\r\n", None),
    (b"_\r\n", None),
    (b"*-1\r\n", None),
    (b"#t\r\n", True),
    (b",1.5\r\n", 1.5),
    (b"(12345678901234567890\r\n", b"12345678901234567890"),
    (b"=7\r\ntxt:abc\r\n", b"abc"),
    (b"*0\r\n", []),
    (b"%0\r\n", {}),
    (b"~2\r\n:1\r\n:2\r\n", [1, 2]),
    (b"%2\r\n+a\r\n:1\r\n+b\r\n*2\r\n$1\r\nx\r\n*1\r\n:3\r\n", {b"a": 1, b"b": [b"x", [3]]}),
    (b"*3\r\n*0\r\n$-1\r\n*1\r\n+z\r\n", [[], None, [b"z"]]),
    (b">2\r\n+message\r\n+x\r\n", [b"message", b"x"]),
]


def replies(data: bytes, **options: Any) -> list[Any]:
    return [*Replies(**options).feed(data)]


@pytest.mark.parametrize(("data", "reply"), EACH)
def test_a_reply(data: bytes, reply: object) -> None:
    assert replies(data) == [reply]
    assert replies(data[:-1]) == []


@given(st.lists(st.sampled_from(EACH), max_size=20), st.randoms())
def test_in_any_pieces(chosen: list[tuple[bytes, object]], chance: random.Random) -> None:
    data = b"".join(each for each, _ in chosen)
    reader = Replies()
    got: list[object] = []
    while data:
        size = chance.randint(1, len(data))
        got += reader.feed(data[:size])
        data = data[size:]
    assert got == [reply for _, reply in chosen]


def test_hiredis_gets_whole_replies_only() -> None:
    extent = Extent()
    assert extent.feed(b"+OK\r\n*2\r\n:1\r\n") == b"+OK\r\n"
    assert extent.feed(b":2") == b""
    assert extent.feed(b"\r\n:3\r\n:") == b"*2\r\n:1\r\n:2\r\n:3\r\n"


def test_errors_are_replies() -> None:
    (error,) = replies(b"-NOSCRIPT no \xff script\r\n")
    assert isinstance(error, hiredis.ReplyError)
    assert error_code(error) == "NOSCRIPT"
    (result,) = replies(b"*2\r\n-WRONGTYPE it\r\n:1\r\n")
    assert [error_code(each) for each in result] == ["WRONGTYPE", ""]


def test_pushes_are_told_apart() -> None:
    push, reply = replies(b">1\r\n+x\r\n*1\r\n+x\r\n")
    assert isinstance(push, hiredis.PushNotification)
    assert not isinstance(reply, hiredis.PushNotification)


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 400 Bad Request\r\n",
        b"\r\n",
        b"|1\r\n+a\r\n+b\r\n:1\r\n",  # an attribute; Redis sends none
        b"!5\r\nERR x\r\n",
        b"*?\r\n",
        b"*x\r\n",
        b"$\r\n\r\n",
        b"$ 1\r\nx\r\n",
        b"$1_0\r\n0123456789\r\n",
        b"$+1\r\nx\r\n",
        b"$01\r\nx\r\n",
        b"$-2\r\n",
        b"*-2\r\n",
        b"$3\r\nabcXY",
        b":one\r\n",
        b"#yes\r\n",
        b",1.2.3\r\n",
        b"%1\r\n*1\r\n:1\r\n:1\r\n",  # a list as the key
        b"$" + b"9" * 5000 + b"\r\n",
    ],
)
def test_what_is_no_reply(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        replies(data)


@pytest.mark.parametrize(
    "data",
    [
        b"*%d\r\n" % (MOST_ITEMS + 1),
        b">4294967295\r\n",
        b"%%%d\r\n" % (MOST_ITEMS // 2 + 1),
        b"*2\r\n*%d\r\n" % (MOST_ITEMS - 1),
        b"*1\r\n" * (MOST_DEPTH + 1),
        b"$1001\r\n",
        b"*1\r\n$1001\r\n",
        b"*300\r\n" + b"$1\r\nx\r\n" * 150,
        b"+" + b"x" * MOST_LINE,
    ],
)
def test_a_bound(data: bytes) -> None:
    with pytest.raises(ProtocolError, match=r"too|longer"):
        replies(data, most_bytes=1000)


def test_up_to_the_bounds() -> None:
    nested = b"*1\r\n" * MOST_DEPTH + b":1\r\n"
    assert len(replies(nested)) == 1
    assert replies(b"$990\r\n" + b"x" * 990 + b"\r\n", most_bytes=1000) == [b"x" * 990]
    assert len(replies(b"*1\r\n*1\r\n:1\r\n" * 1000, most_bytes=1000)) == 1000
    assert Extent().feed(b"*%d\r\n" % MOST_ITEMS) == b""


def test_a_line_that_does_not_end() -> None:
    with pytest.raises(ProtocolError, match="line"):
        replies(b"+" + b"x" * MOST_LINE)


def test_elements_are_counted_for_each_reply(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("examples.redis.replies.MOST_ITEMS", 10)
    ten = b"*2\r\n*7\r\n" + b"_\r\n" * 7 + b"*1\r\n_\r\n"
    assert len(replies(ten * 3)) == 3
    with pytest.raises(ProtocolError, match="too many"):
        replies(b"*3\r\n*-1\r\n*-1\r\n*9\r\n")


def test_not_up() -> None:
    (loading,) = replies(b"-LOADING Redis is loading the dataset in memory\r\n")
    (other,) = replies(b"-ERR LOADING\r\n")
    assert [is_not_up(reply) for reply in (loading, other, b"LOADING")] == [True, False, False]


def test_shown_without_control_characters() -> None:
    (error,) = replies(b"-ERR \x1b[2J\r\n")
    reply = [b"a\x1b[31m", {b"k": [b"v\r\nw", None]}, [], {}, 7, True, error, b"\xff"]
    assert shown(reply) == (
        "- a\\x1b[31m\n"
        "- k:\n"
        "    - v\n"
        "      w\n"
        "    - (nil)\n"
        "- (empty)\n"
        "- (empty)\n"
        "- (7)\n"
        "- (True)\n"
        "- (error) ERR ?[2J\n"
        "- \\xff"
    )


def test_brief() -> None:
    assert brief("a\n\x1bb" + "c" * 300) == "a??b" + "c" * 196
