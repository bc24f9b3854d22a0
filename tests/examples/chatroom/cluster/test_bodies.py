"""Any content of a feed becomes a typed value or a `BadBody`."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.chatroom.cluster.bodies import (
    Profile,
    Registered,
    Sign,
    Told,
    profile_of,
    registered_of,
    sign_of,
    told_of,
)
from examples.chatroom.cluster.numbers import id_of, place_of, room_of
from examples.chatroom.cluster.values import HIGHEST, BadBody, Ref
from examples.chatroom.hall.messages import Kind
from examples.chatroom.people.names import check_name

ADA = Profile(Ref("i1", 3), check_name("Ada", 20), "192.0.2.1", "tower", True, 4, ("lobby",))
TOLD = Told(Kind.LEFT, ADA, "Ada", "quit", "", "Bob", "bye")
GARDEN = Registered("garden", check_name("Garden", 20), "room:garden.ab12", 7, "ada", spoken=True)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
KEYS = st.sampled_from(
    [
        "do",
        "m",
        "name",
        "address",
        "node",
        "operator",
        "v",
        "rooms",
        "sender",
        "text",
        "feed",
        "key",
        "shown",
        "number",
        "founder",
        "spoken",
        "replaces",
        "words",
        "by",
        "again",
        "lock",
    ]
)


def through_json(body: dict[str, Any]) -> dict[str, Any]:
    loaded = json.loads(json.dumps(body))
    assert isinstance(loaded, dict)
    return loaded


def test_what_is_written_is_read() -> None:
    assert profile_of(through_json(ADA.body())) == ADA
    read = told_of(through_json(TOLD.body()))
    assert (read.kind, read.sender, read.text) == (TOLD.kind, TOLD.sender, TOLD.text)
    assert (read.by, read.words, read.profile.ref) == ("Bob", "bye", ADA.ref)
    assert registered_of(through_json(GARDEN.body())) == GARDEN
    for sign in (Sign("garden", "topic", "Roses", "ada"), Sign("garden", "lock", "ab$cd")):
        assert sign_of(through_json(sign.body())) == sign


@given(st.sampled_from([ADA.body(), TOLD.body(), GARDEN.body()]), KEYS, JSON)
def test_a_body_with_anything_in_one_place(body: dict[str, Any], key: str, value: Any) -> None:
    for read in (profile_of, told_of, registered_of, sign_of):
        with contextlib.suppress(BadBody):
            read({**body, key: value})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", "two words"),
        ("name", "x" * 101),
        ("address", "nowhere"),
        ("v", True),
        ("v", -1),
        ("v", HIGHEST + 1),
        ("m", ["", 1]),
        ("m", ["i1", 1.5]),
        ("m", "i1"),
        ("operator", 1),
        ("rooms", "lobby"),
        ("rooms", [1]),
        ("text", "x" * 8193),
        ("do", "closing"),
    ],
)
def test_what_is_refused(key: str, value: object) -> None:
    body = {**TOLD.body(), "rooms": [], key: value}
    with pytest.raises(BadBody):
        told_of(body)


def test_texts_are_cleaned() -> None:
    body = {**TOLD.body(), "text": "red\x1b[31m\u202e"}
    assert told_of(body).text == "red[31m"


def test_a_rooms_feed_is_no_other_feed() -> None:
    for feed in ("hall", "node:b", "room:{x}"):
        with pytest.raises(BadBody):
            registered_of({**GARDEN.body(), "feed": feed})


def test_ids_are_places_and_rooms_and_fit_a_browser() -> None:
    at = 3_700_000_000_000  # in the year 2087
    number = id_of(at, 4095)
    assert (place_of(number), room_of(number)) == (at, 4095)
    assert number < 2**53
