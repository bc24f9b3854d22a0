from __future__ import annotations

import pytest

from examples.chatroom.hall.directory import Directory
from examples.chatroom.hall.members import Member
from examples.chatroom.people.names import Refused
from tests.examples.chatroom.helpers import Screen, stranger


def called(directory: Directory, raw: str) -> Member:
    member = stranger(Screen())
    directory.claim(member, directory.check(member, raw, 0.0))
    return member


def test_a_name_is_held_by_one_only_in_whatever_spelling() -> None:
    directory = Directory(20)
    ann = called(directory, "Ann")
    for spelling in ("ann", "ANN", "\uff21nn"):
        with pytest.raises(Refused, match="taken"):
            directory.check(stranger(Screen()), spelling, 0.0)
        assert directory.find(spelling) is ann


def test_how_long_a_name_is_held_is_said() -> None:
    directory = Directory(20)
    called(directory, "Ann").held_until = 30.0
    for now, words in (
        (5.5, "25 more seconds"),
        (29.5, "1 more second,"),
        (31.0, "1 more second,"),
    ):
        with pytest.raises(Refused, match=f"ann is held for {words}"):
            directory.check(stranger(Screen()), "ann", now)


def test_no_name_looks_like_somebody_elses() -> None:
    directory = Directory(20)
    called(directory, "scope")
    with pytest.raises(Refused, match=r"looks like scope's; please choose another\.$"):
        directory.check(stranger(Screen()), "ѕсоре", 0.0)  # Cyrillic throughout  # noqa: RUF001


def test_one_may_change_the_spelling_of_ones_own_name() -> None:
    directory = Directory(20)
    ann = called(directory, "ann")
    directory.claim(ann, directory.check(ann, "Ann", 0.0))
    assert directory.find("ANN") is ann
    assert ann.shown == "Ann"


def test_a_released_name_can_be_had_and_is_still_shown() -> None:
    directory = Directory(20)
    ann = called(directory, "Ann")
    directory.release(ann)
    directory.release(ann)
    assert ann.shown == "Ann"
    with pytest.raises(Refused, match="nobody called ann"):
        directory.find("ann")
    other = called(directory, "ann")
    directory.release(stranger(Screen()))
    assert directory.find("ann") is other


def test_an_old_name_is_free_after_a_change() -> None:
    directory = Directory(20)
    ann = called(directory, "ann")
    directory.claim(ann, directory.check(ann, "anna", 0.0))
    called(directory, "ann")


def test_a_long_unknown_name_is_cut_in_the_answer() -> None:
    with pytest.raises(Refused, match="nobody called aaaa… here"):
        Directory(5).find("a" * 1000)
