from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.chatroom.people import names
from examples.chatroom.people.names import Name, Refused, check_name, fold

needs_precis = pytest.mark.skipif(not names.PRECIS, reason="precis-i18n is not installed")


@pytest.fixture(params=["precis", "fallback"])
def rules(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    rules = str(request.param)
    if rules == "fallback":
        monkeypatch.setattr(names, "PRECIS", False)
    elif not names.PRECIS:
        pytest.skip("precis-i18n is not installed")
    return rules


@pytest.mark.parametrize("raw", ["/help", "/oper Ada a-password-longer-than-a-name"])
def test_a_command_in_the_place_of_a_name_is_told_so(raw: str) -> None:
    with pytest.raises(Refused, match="give one first, and then commands"):
        check_name(raw, 20)


@pytest.mark.usefixtures("rules")
@pytest.mark.parametrize(
    "raw", ["ann", "Ann-Marie", "r2.d2", "Jürgen", "李雷", "x_", "7", "Олег", "山田タロー", "עברית"]
)
def test_names_that_are_accepted(raw: str) -> None:
    assert check_name(raw, 20).shown == raw


@pytest.mark.usefixtures("rules")
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
        "a\ufe0fb",
        "\u0301a",
        "\u3164",  # a letter, by Unicode, that is invisible
        "\uffa0",
        "a:b",
        "a,b",
        "a\u00b7b",
        "*",
        "😀",
        "\ud800",
    ],
)
def test_names_that_are_refused(raw: str) -> None:
    with pytest.raises(Refused, match=r"[Nn]ame"):
        check_name(raw, 20)


@pytest.mark.usefixtures("rules")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann", "aNN"),
        ("Straße", "STRASSE"),
        ("u\u0308ber", "über"),
        ("\uff21nn", "ann"),
        ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
    ],
)
def test_names_that_are_the_same(one: str, other: str) -> None:
    assert check_name(one, 20).key == check_name(other, 20).key


@needs_precis
@pytest.mark.parametrize("raw", ["ﬁn", "x²", "Ⅳ", "\u1e9b\u0323"])
def test_compatibility_forms_are_no_names_under_precis(raw: str) -> None:
    with pytest.raises(Refused, match="letters, digits"):
        check_name(raw, 20)


@needs_precis
def test_marks_that_a_script_needs_are_letters_under_precis() -> None:
    assert check_name("नमस्ते", 20).shown == "नमस्ते"


@needs_precis
def test_a_name_has_one_direction_under_precis() -> None:
    with pytest.raises(Refused, match="from the left"):
        check_name("עבa", 20)
    with pytest.raises(Refused, match="from the left"):
        check_name("\U0001e905\u0345", 20)  # a mark that becomes a Greek letter in the key


@needs_precis
@pytest.mark.parametrize("marks", ["\u0301\u0301", "\u0301\u0302\u0303\u0304\u0305"])
def test_marks_are_not_piled_up(marks: str) -> None:
    assert check_name("z" + marks[0], 20)
    with pytest.raises(Refused):
        check_name("z" + marks, 20)


def test_white_space_around_a_name_does_not_count() -> None:
    assert check_name("  Ann ", 20) == Name("Ann", "ann")


def test_the_length_counts_after_normalisation(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_name("u\u0308xy", 3).shown == "üxy"
    monkeypatch.setattr(names, "PRECIS", False)
    with pytest.raises(Refused, match="3 characters"):
        check_name("ﬃx", 3)


def test_scripts_that_look_alike_are_not_mixed() -> None:
    with pytest.raises(Refused, match=r"scripts \(Cyrillic and Latin\); please use one"):
        check_name("Аda", 20)  # noqa: RUF001


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def characters_of_names() -> list[str]:
    found = []
    for char in map(chr, range(sys.maxunicode + 1)):
        if unicodedata.category(char) not in {"Cn", "Co", "Cs"}:
            try:
                found.append(names.check_name(char, 20).shown)
            except Refused:
                continue
    return found


@needs_precis
def test_the_key_is_that_of_the_profile_for_every_character() -> None:
    from precis_i18n import get_profile

    profile = get_profile("UsernameCaseMapped:CaseFold")
    found = characters_of_names()
    assert len(found) > 100_000
    for char in found:
        assert profile.enforce(char) == fold(char)


plausible = st.text(
    st.characters(categories=["L", "Nd", "Mn", "Mc"]) | st.sampled_from("abcABC-_."), max_size=22
)


def survives(raw: str) -> None:
    """Check that an accepted name is accepted as shown, and that any other is Refused."""
    try:
        name = check_name(raw, 20)
    except Refused:
        return
    assert check_name(name.shown, 20) == name
    assert name.shown.isprintable()
    assert " " not in name.shown
    assert fold(name.key) == name.key == fold(name.shown)


@given(st.text() | plausible)
def test_an_accepted_name_is_accepted_as_it_is_shown(raw: str) -> None:
    survives(raw)


@given(st.text() | plausible)
def test_an_accepted_name_is_so_without_precis(raw: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(names, "PRECIS", False)
        survives(raw)


@given(st.text(st.sampled_from("абвгдеabcdαβγ"), min_size=1, max_size=8))  # noqa: RUF001
def test_no_accepted_name_mixes_latin_with_its_doubles(raw: str) -> None:
    try:
        check_name(raw, 20)
    except Refused:
        return
    assert len({unicodedata.name(char).split()[0] for char in raw}) == 1
