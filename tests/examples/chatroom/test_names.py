from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.chatroom.names import Name, Refused, check_name, fold


@pytest.mark.parametrize("raw", ["ann", "Ann-Marie", "r2.d2", "Jürgen", "李雷", "x_", "7"])
def test_names_that_are_accepted(raw: str) -> None:
    assert check_name(raw, 20).shown == raw


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "   ",
        "a" * 21,
        "two words",
        "/quit",
        "--",
        "-x",
        ".x",
        "a\x1b[1m",
        "a\u202eb",
        "a\u200db",
        "\u3164",  # a letter, says Unicode, that nobody sees
        "\uffa0",
        "a:b",
        "a,b",
        "*",
        "😀",
    ],
)
def test_names_that_are_refused(raw: str) -> None:
    with pytest.raises(Refused, match=r"[Nn]ame"):
        check_name(raw, 20)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann", "aNN"),
        ("ﬁn", "fin"),
        ("Straße", "STRASSE"),
        ("u\u0308ber", "über"),
        ("\uff21nn", "ann"),
        ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
        ("x²", "x2"),
    ],
)
def test_names_that_are_the_same(one: str, other: str) -> None:
    assert check_name(one, 20).key == check_name(other, 20).key


def test_white_space_around_a_name_does_not_count() -> None:
    assert check_name("  Ann ", 20) == Name("Ann", "ann")


def test_the_length_counts_after_normalisation() -> None:
    with pytest.raises(Refused, match="3 characters"):
        check_name("ﬃx", 3)


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


plausible = st.text(st.characters(categories=["L", "Nd"]) | st.sampled_from("-_."), max_size=22)


@given(plausible)
def test_an_accepted_name_is_accepted_as_it_is_shown(raw: str) -> None:
    try:
        name = check_name(raw, 20)
    except Refused:
        return
    assert check_name(name.shown, 20) == name
    assert name.shown.isprintable()
    assert " " not in name.shown
