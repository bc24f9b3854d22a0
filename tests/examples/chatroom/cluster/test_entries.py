"""An engine's replies are parsed strictly, or refused."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("hiredis", reason="needs the extra [redis]")

from examples.chatroom.cluster.entries import (
    LONGEST_BODY,
    BadEntry,
    BadReply,
    Raw,
    pack_body,
    parse_body,
    parse_number,
    parse_position,
    parse_range,
    parse_state,
    parse_text,
)
from examples.chatroom.cluster.interface import Entry

PLACE = b"1780000000000-0"
GOOD = [b"s", b"7", b"n", b"nonce", b"b", b'{"n":1}']

leaves = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.binary(max_size=12),
    st.sampled_from([b"s", b"n", b"b", b"1-0", b"7", b"{}", b"here", b"alike", PLACE]),
)  # fmt: skip
anything = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(leaves, inner, max_size=3),
    max_leaves=20,
)


def test_an_entry() -> None:
    entry = Raw(PLACE, GOOD).entry("room")
    assert entry == Entry("room", 1780000000000, 7, {"n": 1}, "nonce")
    assert entry.wall == 1780000000.0


@pytest.mark.parametrize(
    "fields",
    [
        None,
        GOOD[:-1],
        [*GOOD, b"x"],
        [b"S", *GOOD[1:]],
        [b"s", b"-7", *GOOD[2:]],
        [b"s", b"9" * 16, *GOOD[2:]],
        [b"s", b"\xd9\xa7", *GOOD[2:]],
        [*GOOD[:3], b"\xc3\xa9", *GOOD[4:]],
        [*GOOD[:3], b"n" * 201, *GOOD[4:]],
        [*GOOD[:5], b"[]"],
        [*GOOD[:5], 5],
    ],
)
def test_entries_that_make_no_sense(fields: Any) -> None:
    with pytest.raises(BadEntry):
        Raw(PLACE, fields).entry("room")


def test_an_entry_between_two_milliseconds_is_none_of_ours() -> None:
    with pytest.raises(BadEntry):
        Raw(b"1780000000000-1", GOOD).entry("room")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"7",
        b"{",
        b"\xff",
        b'{"n":NaN}',
        b'{"n":-Infinity}',
        b'{"n":' + b"9" * 5000 + b"}",
        b'{"n":"\\ud800"}',
        b'{"n":' + b"[" * 8000 + b"]" * 8000 + b"}",
        b'{"n":"' + b"x" * LONGEST_BODY + b'"}',
    ],
)
def test_bodies_that_make_no_sense(data: bytes) -> None:
    with pytest.raises(BadEntry):
        parse_body(data)


@given(st.dictionaries(st.text(max_size=9), st.integers(-(2**53), 2**53) | st.text(max_size=9)))
def test_what_is_packed_comes_back(body: dict[str, Any]) -> None:
    assert parse_body(pack_body(body)) == body


def test_half_a_pair_is_not_packed() -> None:
    with pytest.raises(ValueError, match="surrogate"):
        pack_body({"text": "\ud800"})


@pytest.mark.parametrize("place", [b"", b"1", b"1-", b"-1", b"a-0", b"1-0 ", b"9" * 16 + b"-0", 1])
def test_places_that_are_none(place: Any) -> None:
    with pytest.raises(BadReply):
        [*parse_range([[place, GOOD]], b"0-0", 10)]


def test_entries_come_in_order_and_not_too_many() -> None:
    two = [[b"1-0", GOOD], [b"2-0", GOOD]]
    assert [raw.at for raw in parse_range(two, b"0-5", 2)] == [1, 2]
    for reply, after, most in ((two, b"1-0", 2), (two[::-1], b"0-0", 2), (two, b"0-0", 1)):
        with pytest.raises(BadReply):
            [*parse_range(reply, after, most)]


def test_a_state_leaves_out_what_makes_no_sense() -> None:
    reply = [b"a", b'{"n":1}', b".seq", b"7", b"b", b"[]", b"\xff", b"{}", b"c", 5]
    assert parse_state(reply) == ({"a": {"n": 1}}, 3)


@given(anything)
def test_no_reply_gets_further_than_it_should(reply: Any) -> None:
    for parse in (
        parse_number,
        parse_position,
        parse_state,
        parse_text,
        lambda reply: [*parse_range(reply, b"0-0", 5)],
    ):
        with suppress(BadReply):
            parse(reply)
    with suppress(BadEntry):
        json.dumps(Raw(PLACE, reply).entry("f").body)
