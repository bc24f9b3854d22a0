from __future__ import annotations

import pytest

from examples.chatroom.people.sanction import (
    BAN,
    SaveSanction,
    clock,
    in_force,
    sentence,
    subject_shown,
)

NOON = 1_700_000_000.0


@pytest.mark.parametrize(
    ("until", "reason", "said"),
    [
        (None, "", "You are muted."),
        (None, "spam", "You are muted: spam"),
        (NOON, "", "You are muted until 2023-11-14 22:13 UTC."),
        (NOON, "spam", "You are muted until 2023-11-14 22:13 UTC: spam"),
    ],
)
def test_the_sentence_says_until_when_and_why(until: float | None, reason: str, said: str) -> None:
    assert sentence("You are muted", until, reason) == said


@pytest.mark.parametrize(
    ("subject", "shown"), [("name:Bob", "Bob"), ("address:192.0.2.0/24", "192.0.2.0/24")]
)
def test_whom_it_is_on(subject: str, shown: str) -> None:
    assert subject_shown(SaveSanction(BAN, subject, None, "Ada", "")) == shown


@pytest.mark.parametrize(("until", "holds"), [(None, True), (NOON + 1, True), (NOON, False)])
def test_how_long_it_holds(until: float | None, holds: bool) -> None:
    assert in_force(SaveSanction(BAN, "name:Bob", until, "Ada", ""), NOON) is holds


def test_times_are_told_without_a_zone_to_guess() -> None:
    assert clock(NOON) == "2023-11-14 22:13 UTC"
