from __future__ import annotations

import dataclasses
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.chatroom.messages import Kind, Message
from examples.chatroom.rendering import LineRenderer

HALF_PAST_TWO = 14 * 3600 + 30 * 60


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        (Kind.SAID, "[14:30] ann: hi"),
        (Kind.ACTED, "[14:30] * ann hi"),
        (Kind.WHISPERED, "[14:30] ann to bob alone: hi"),
        (Kind.JOINED, "[14:30] -- ann came into lobby."),
        (Kind.LEFT, "[14:30] -- ann left lobby: hi."),
        (Kind.RENAMED, "[14:30] -- ann is now called hi."),
        (Kind.TOPIC, "[14:30] -- ann set the topic: hi"),
        (Kind.NOTICE, "[14:30] -- hi"),
        (Kind.FAREWELL, "[14:30] -- hi"),
    ],
)
def test_each_kind_has_its_look(kind: Kind, line: str) -> None:
    message = Message(kind, "hi", "ann", "bob", "lobby", HALF_PAST_TWO)
    assert LineRenderer(UTC).line(message) == line


def test_without_a_time_none_is_shown() -> None:
    assert LineRenderer(UTC).line(Message(Kind.NOTICE, "hi")) == "-- hi"


@given(st.sampled_from(Kind), st.text(), st.text())
def test_whatever_is_in_it_a_message_is_one_line(kind: Kind, text: str, sender: str) -> None:
    encoded = LineRenderer(UTC).encode(Message(kind, text, sender))
    assert encoded.endswith(b"\r\n")
    assert len(encoded.decode().splitlines()) == 1
    assert b"\xff" not in encoded
    assert b"\x1b" not in encoded


def test_a_message_is_encoded_once_for_all() -> None:
    renderer = LineRenderer(UTC)
    message = Message(Kind.SAID, "hi", "ann")
    assert renderer.encode(message) is renderer.encode(message)


def test_what_is_remembered_is_never_shown_for_another_message() -> None:
    renderer = LineRenderer(UTC)
    message = Message(Kind.SAID, "hi", "ann")
    assert renderer.encode(message) == b"ann: hi\r\n"
    assert renderer.encode(dataclasses.replace(message, text="ho")) == b"ann: ho\r\n"
    assert renderer.encode(message) == b"ann: hi\r\n"
