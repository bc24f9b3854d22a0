from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.chatroom.doors.web import requests as shapes
from examples.chatroom.doors.web.requests import BadRequest, decode

short = st.text(st.characters(codec="utf-8"), max_size=shapes.LONGEST)
numbers = st.integers(1, shapes.HIGHEST)
nonces = st.text("0123456789abcdef-", max_size=64)
requests = st.one_of(
    st.builds(shapes.Enter, short),
    st.builds(shapes.Resume, short, st.none() | st.integers(0, shapes.HIGHEST)),
    st.builds(shapes.Say, numbers, short, short, nonces),
    st.builds(shapes.Join, numbers, short, short),
    st.builds(shapes.Leave, numbers, short),
    st.builds(shapes.Whisper, numbers, short, short),
    st.builds(shapes.GetPage, numbers, short, st.integers(0, shapes.HIGHEST)),
    st.builds(shapes.Search, numbers, short, short),
    st.builds(shapes.ListRooms, numbers),
)
NAMES: dict[type, str] = {
    shapes.Enter: "enter",
    shapes.Resume: "resume",
    shapes.Say: "say",
    shapes.Join: "join",
    shapes.Leave: "leave",
    shapes.Whisper: "whisper",
    shapes.GetPage: "page",
    shapes.Search: "search",
    shapes.ListRooms: "rooms",
}


@given(requests, st.booleans())
def test_what_a_page_sends_is_understood(request: Any, escaped: bool) -> None:
    sent = {"do": NAMES[type(request)], **dataclasses.asdict(request)}
    assert decode(json.dumps(sent, ensure_ascii=escaped)) == request


def test_what_may_be_left_out() -> None:
    assert decode('{"n":1,"do":"join","room":"tea"}') == shapes.Join(1, "tea", "")
    assert decode('{"n":1,"do":"say","room":"","text":"hi"}') == shapes.Say(1, "", "hi", "")
    assert decode('{"n":1,"do":"page","room":"tea"}') == shapes.GetPage(1, "tea", 0)


@given(st.text(max_size=200))
def test_any_text_is_a_request_or_a_bad_one(text: str) -> None:
    with pytest.raises(BadRequest):
        decode(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(
    st.dictionaries(
        st.sampled_from(["n", "room", "text", "key", "to", "before", "seen", "nonce", "x"]),
        json_values | st.just(1) | st.just("a"),
    ),
    st.sampled_from([*NAMES.values(), "fly", 7, None]),
)
def test_any_object_is_a_request_or_a_bad_one(given_: dict[str, Any], do: object) -> None:
    problem = None
    try:
        request = decode(json.dumps({**given_, "do": do}))
    except BadRequest as bad:
        problem = bad
    if problem is not None:
        assert 0 <= problem.number <= shapes.HIGHEST
    else:
        assert NAMES[type(request)] == do


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "one JSON object"),
        ("[]", "one JSON object"),
        ("null", "one JSON object"),
        ('{"do":"enter","name":"a"} x', "one JSON object"),
        ('{"do":"enter","name":NaN}', "one JSON object"),
        ('{"do":"enter","name":"a","name":"b"}', "one JSON object"),
        ("[" * 100_000, "one JSON object"),
        ('{"a":' * 50_000, "one JSON object"),
        ('{"n":' + "9" * 5000 + "}", "one JSON object"),
        ("{}", "must be one of"),
        ('{"do":"fly"}', "must be one of"),
        ('{"do":["say"]}', "must be one of"),
        ('{"do":"enter"}', '"name" is missing'),
        ('{"do":"enter","name":1}', "a text of at most"),
        ('{"do":"enter","name":"' + "a" * 201 + '"}', "a text of at most"),
        ('{"do":"enter","name":"a","op":true}', "not known"),
        ('{"do":"enter","name":"\\ud800"}', "a text of at most"),
        ('{"do":"resume","token":"a"}', '"seen" is missing'),
        ('{"do":"resume","token":"a","seen":-1}', "whole number or null"),
        ('{"do":"resume","token":"a","seen":true}', "whole number or null"),
        ('{"do":"resume","token":"a","seen":1.0}', "whole number or null"),
        ('{"do":"rooms","n":0}', "from 1 on"),
        ('{"do":"rooms","n":true}', "from 1 on"),
        ('{"do":"rooms","n":9007199254740992}', "from 1 on"),
        ('{"do":"say","n":1,"room":"a","text":"\\udc00b"}', "must be a text"),
        ('{"do":"say","n":1,"room":"a","text":"b","nonce":"a b"}', "at most 64"),
        ('{"do":"say","n":1,"room":"a","text":"b","nonce":"' + "a" * 65 + '"}', "at most 64"),
        ('{"do":"page","n":1,"room":"a","before":-1}', "a whole number"),
    ],
)
def test_bad_requests_are_told_why(text: str, reason: str) -> None:
    with pytest.raises(BadRequest, match=reason):
        decode(text)


def test_a_bad_request_keeps_its_number() -> None:
    with pytest.raises(BadRequest) as caught:
        decode('{"do":"say","n":7}')
    assert caught.value.number == 7
    with pytest.raises(BadRequest) as caught:
        decode('{"do":"say","n":"7"}')
    assert caught.value.number == 0
