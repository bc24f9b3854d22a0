from __future__ import annotations

import dataclasses
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.chatroom.doors.line.rendering import LineRenderer
from examples.chatroom.doors.line.rows import INDENT
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
        (Kind.OPERATOR, "[14:30] -- ann is an operator now."),
        (Kind.LOCKED, "[14:30] -- ann closed lobby with a key."),
        (Kind.UNLOCKED, "[14:30] -- ann opened lobby to all."),
        (Kind.NOTICE, "[14:30] -- hi"),
        (Kind.FAREWELL, "[14:30] -- hi"),
        (Kind.CLOSING, "[14:30] -- hi"),
    ],
)
def test_each_kind_has_its_look(kind: Kind, line: str) -> None:
    message = Message(kind, "hi", "ann", "bob", "lobby", HALF_PAST_TWO)
    assert LineRenderer(UTC).lines(message) == [line]


@pytest.mark.parametrize("kind", [Kind.LEFT, Kind.RENAMED, Kind.TOPIC])
def test_what_somebody_ignored_does_is_no_line(kind: Kind) -> None:
    renderer = LineRenderer(UTC)
    message = Message(kind, "hi", "ann", room="lobby", at=HALF_PAST_TWO, quiet=True)
    assert renderer.lines(message) == []
    assert renderer.encode(message) == b""


SAID = Message(Kind.SAID, "hi", "ann", room="tea", at=HALF_PAST_TWO)
THEN = "[1970-01-01 14:30] ann: hi"


@pytest.mark.parametrize(
    ("event", "lines"),
    [
        (
            RoomView("tea", people=(Person("ann"), Person("bob", operator=True)), recent=(SAID,)),
            ["-- You are in tea. Here: ann, bob (operator).", THEN],
        ),
        (
            RoomView("tea", "green", closed=True, people=(Person("ann"),)),
            ["-- You are in tea, which is closed with a key. Topic: green. Here: ann."],
        ),
        (Page("tea", 0, (SAID, SAID), more=True), [THEN, THEN]),
        (Page("tea", 0, (), more=False), ["-- Nothing has been said here yet."]),
        (
            Page("tea", 0, (), more=True, next=7),
            ["-- What was said here last is all of people whom you ignore."],
        ),
        (Forgotten(7), []),
        (Found("tea", "hi", (SAID,), total=1), ["-- 1 found for: hi", THEN]),
        (
            Found("tea", "hi", (SAID,), more=True, total=241),
            ["-- 241 found for: hi; the newest 1", THEN],
        ),
        (
            Found("tea", "hi", (SAID,), more=True, total=90, counted=False),
            ["-- At least 90 found for: hi; the newest 1", THEN],
        ),
        (Found("tea", "ho", ()), ["-- Nothing was found for: ho"]),
        (
            RoomList((RoomEntry("lobby", 2, "all"), RoomEntry("tea", 1, closed=True))),
            ["-- lobby (2) - all", "-- tea (1, closed)"],
        ),
        (Parted("tea"), []),
        (Parted("tea", "it was forgotten"), ["-- it was forgotten"]),
        (Receipt(7), []),
    ],
)
def test_each_event_has_its_lines(event: Event, lines: list[str]) -> None:
    assert LineRenderer(UTC).lines(event) == lines


def test_what_is_not_kept_says_so_where_no_text_can_reach() -> None:
    message = dataclasses.replace(SAID, kept=False, text="(kept)")
    assert LineRenderer(UTC).lines(message) == ["[14:30, not kept] ann: (kept)"]


@given(st.text(), st.text())
def test_no_text_begins_a_line_of_its_own(text: str, name: str) -> None:
    said = dataclasses.replace(SAID, text=text)
    for event in (RoomView(name, text), Page(name, 0, (said,), more=False), Found(name, text, ())):
        first, *others = LineRenderer(UTC).encode(event).decode().splitlines()
        assert first.startswith(("-- ", "[1970-01-01 14:30] ann:"))
        assert all(row.startswith(INDENT) for row in others)


def test_without_a_time_none_is_shown() -> None:
    assert LineRenderer(UTC).lines(Message(Kind.NOTICE, "hi")) == ["-- hi"]


@given(st.sampled_from(Kind), st.text(), st.text())
def test_whatever_is_in_it_a_message_is_one_line(kind: Kind, text: str, sender: str) -> None:
    encoded = LineRenderer(UTC).encode(Message(kind, text, sender))
    assert encoded.endswith(b"\r\n")
    _, *others = encoded.decode().splitlines()
    assert all(row.startswith(INDENT) for row in others)
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
