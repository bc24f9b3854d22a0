from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.chatroom.doors.web.events import describe, encode
from examples.chatroom.hall.messages import (
    Event,
    Forgotten,
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
        (
            Message(Kind.LEFT, "", "ann", room="tea", at=1.0, quiet=True),
            {"kind": "left", "sender": "ann", "text": "", "room": "tea", "at": 1.0, "quiet": True},
        ),
        (Parted("tea", "why"), {"kind": "parted", "room": "tea", "text": "why"}),
        (
            Page("tea", 9, (SAID,), False),
            {"kind": "page", "room": "tea", "before": 9, "messages": [SAID_JSON], "more": False},
        ),
        (
            Page("tea", 9, (), True, 5),
            {"kind": "page", "room": "tea", "before": 9, "messages": [], "more": True, "next": 5},
        ),
        (
            Found("tea", "hi", (SAID,), more=True, total=241),
            {"kind": "found", "room": "tea", "query": "hi", "before": 0, "messages": [SAID_JSON],
             "more": True, "total": 241},
        ),
        (
            Found("tea", "hi", (), before=9, more=True, next=4, total=90, counted=False),
            {"kind": "found", "room": "tea", "query": "hi", "before": 9, "messages": [],
             "more": True, "next": 4, "total": 90, "counted": False},
        ),
        (
            RoomList((RoomEntry("tea", 2, "hot", True),)),
            {"kind": "rooms",
             "rooms": [{"name": "tea", "people": 2, "topic": "hot", "closed": True}]},
        ),
        (Forgotten(7), {"kind": "forgotten", "id": 7}),
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
