from __future__ import annotations

import json

import pytest

from examples.chatroom.client.events import BadEvent, list_of, parse, row_of


@pytest.mark.parametrize("text", ["", "[", "[]", "1", "null", "[" * 100_000])
def test_what_is_no_event(text: str) -> None:
    with pytest.raises(BadEvent):
        parse(text)


@pytest.mark.parametrize(
    "fields",
    [
        {"text": 1},
        {"sender": []},
        {"id": -1},
        {"id": True},
        {"id": 1.5},
        {"id": 2**60},
        {"at": "now"},
        {"at": 1e300},
        {"at": float("nan")},
        {"at": True},
        {"kept": 1},
    ],
)
def test_a_field_of_another_type_is_no_field(fields: dict[str, object]) -> None:
    with pytest.raises(BadEvent):
        row_of(parse(json.dumps({"kind": "said", **fields})))


@pytest.mark.parametrize("value", [{}, "x", [1], [[]], [{}] * 20_001])
def test_a_list_of_something_else(value: object) -> None:
    with pytest.raises(BadEvent):
        list_of({"people": value}, "people")


def test_what_a_server_sends_is_clean_and_bounded() -> None:
    row = row_of(
        {"kind": "said", "sender": "a\x1b]0;x\x07", "text": "\u202eevil\x9b31m\n-- x\u2066"}
    )
    assert (row.sender, row.text) == ("a]0;x", "evil31m -- x")
    assert len(row_of({"kind": "said", "text": "x" * 100_000}).text) == 8192
    assert len(row_of({"kind": "said", "sender": "x" * 100_000}).sender) == 200
