from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.chatroom.commands.durations import parse_duration, split_duration
from examples.chatroom.people.names import Refused


@pytest.mark.parametrize(
    ("text", "seconds"), [("1m", 60), ("10m", 600), ("2h", 7200), ("7d", 604800), ("4w", 2419200)]
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "m", "10", "0m", "-1m", "10M", "10min", "1.5h", "99999w", "1h30m", "\u0661m", " 1m"],
)
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(Refused, match="typed like 10m"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", (None, "")),
        ("spam and more", (None, "spam and more")),
        ("10m", (600.0, "")),
        ("10m  spam and more", (600.0, "spam and more")),
    ],
)
def test_a_duration_before_a_reason(text: str, parts: tuple[float | None, str]) -> None:
    assert split_duration(text) == parts


def test_a_slip_is_no_reason() -> None:
    with pytest.raises(Refused):
        split_duration("10min spam")


@given(st.text())
def test_any_text_is_a_duration_or_refused(text: str) -> None:
    try:
        assert parse_duration(text) >= 60
    except Refused:
        return
