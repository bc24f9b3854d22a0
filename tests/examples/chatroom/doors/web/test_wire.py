from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.chatroom.doors.web import wire
from examples.chatroom.doors.web.wire import BadRequest, decode, describe, encode
from examples.chatroom.hall.messages import (
    Event,
    Found,
    Kind,
    Message,
    Page,
    Parted,
    Person,
    Receipt,
    RoomEntry,
    RoomList,
    RoomView,
)

SAID = Message(Kind.SAID, "hi", "Ada", room="lobby", at=1.5, id=7)
SAID_JSON = {"kind": "said", "sender": "Ada", "text": "hi", "room": "lobby", "at": 1.5, "id": 7}

short = st.text(st.characters(codec="utf-8"), max_size=wire.LONGEST)
numbers = st.integers(1, wire.HIGHEST)
nonces = st.text("0123456789abcdef-", max_size=64)
requests = st.one_of(
    st.builds(wire.Enter, short),
    st.builds(wire.Resume, short, st.none() | st.integers(0, wire.HIGHEST)),
    st.builds(wire.Say, numbers, short, short, nonces),
    st.builds(wire.Join, numbers, short, short),
    st.builds(wire.Leave, numbers, short),
    st.builds(wire.Whisper, numbers, short, short),
    st.builds(wire.GetPage, numbers, short, st.integers(0, wire.HIGHEST)),
    st.builds(wire.Search, numbers, short, short),
    st.builds(wire.ListRooms, numbers),
)
NAMES: dict[type, str] = {
    wire.Enter: "enter",
    wire.Resume: "resume",
    wire.Say: "say",
    wire.Join: "join",
    wire.Leave: "leave",
    wire.Whisper: "whisper",
    wire.GetPage: "page",
    wire.Search: "search",
    wire.ListRooms: "rooms",
}


@given(requests, st.booleans())
def test_what_a_page_sends_is_understood(request: Any, escaped: bool) -> None:
    sent = {"do": NAMES[type(request)], **dataclasses.asdict(request)}
    assert decode(json.dumps(sent, ensure_ascii=escaped)) == request


def test_what_may_be_left_out() -> None:
    assert decode('{"n":1,"do":"join","room":"tea"}') == wire.Join(1, "tea", "")
    assert decode('{"n":1,"do":"say","room":"","text":"hi"}') == wire.Say(1, "", "hi", "")
    assert decode('{"n":1,"do":"page","room":"tea"}') == wire.GetPage(1, "tea", 0)


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
        assert 0 <= problem.number <= wire.HIGHEST
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


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (SAID, SAID_JSON),
        (
            Message(Kind.ACTED, "waves", "Ada", room="tea", at=2.0, id=8, kept=False),
            {"kind": "acted", "sender": "Ada", "text": "waves", "room": "tea", "at": 2.0, "id": 8,
             "kept": False},
        ),
        (
            Message(Kind.RENAMED, "Eve", "Ada", room="tea", at=2.0),
            {"kind": "renamed", "sender": "Ada", "text": "Eve", "room": "tea", "at": 2.0},
        ),
        (
            Message(Kind.WHISPERED, "psst", "Ada", "Bob", at=2.0),
            {"kind": "whispered", "sender": "Ada", "recipient": "Bob", "text": "psst", "at": 2.0},
        ),
        (Message(Kind.NOTICE, "Hm."), {"kind": "notice", "text": "Hm."}),
        (Message(Kind.FAREWELL, "Bye."), {"kind": "farewell", "text": "Bye."}),
        (Message(Kind.CLOSING, "Bye."), {"kind": "closing", "text": "Bye."}),
        (
            RoomView("tea", "hot", True, (Person("Ada", True), Person("Bob")), (SAID,), True),
            {"kind": "room", "room": "tea", "topic": "hot", "closed": True,
             "people": [{"name": "Ada", "operator": True}, {"name": "Bob", "operator": False}],
             "recent": [SAID_JSON], "more": True},
        ),
        (Parted("tea", "why"), {"kind": "parted", "room": "tea", "text": "why"}),
        (
            Page("tea", 9, (SAID,), False),
            {"kind": "page", "room": "tea", "before": 9, "messages": [SAID_JSON], "more": False},
        ),
        (
            Found("tea", "hi", (SAID,)),
            {"kind": "found", "room": "tea", "query": "hi", "messages": [SAID_JSON]},
        ),
        (
            RoomList((RoomEntry("tea", 2, "hot", True),)),
            {"kind": "rooms",
             "rooms": [{"name": "tea", "people": 2, "topic": "hot", "closed": True}]},
        ),
        (Receipt(3), {"kind": "receipt", "n": 3}),
    ],
)  # fmt: skip
def test_events_as_the_page_gets_them(event: Event, expected: object) -> None:
    assert json.loads(encode(describe(event))) == expected


@given(st.sampled_from(list(Kind)), st.text(), st.text(), st.text())
def test_any_message_becomes_one_clean_object(
    kind: Kind, text: str, sender: str, room: str
) -> None:
    encoded = encode(describe(Message(kind, text, sender, room=room, at=1.0))).decode("utf-8")
    found = json.loads(encoded)
    assert found["kind"] == kind.value
    assert not any(char in encoded for char in "\r\n\u202e\x1b")
