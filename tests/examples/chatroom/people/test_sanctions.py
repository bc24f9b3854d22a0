from __future__ import annotations

import logging

import pytest

from examples.chatroom.people import sanctions as module
from examples.chatroom.people.names import Refused, check_name
from examples.chatroom.people.sanction import (
    BAN,
    MUTE,
    ForgetSanction,
    SaveSanction,
    subject_shown,
)
from examples.chatroom.people.sanctions import Sanctions
from examples.chatroom.people.targets import target_of
from tests.examples.chatroom.helpers import Screen, new_hall, person

NOON = 1_700_000_000.0


def impose(
    sanctions: Sanctions,
    raw: str,
    until: float | None = None,
    kind: str = BAN,
    reason: str = "",
    wall: float = NOON,
) -> SaveSanction:
    return sanctions.impose(kind, target_of(raw, 20), until, "Ada", reason, wall)


def may_be_called(sanctions: Sanctions, name: str, wall: float = NOON) -> bool:
    try:
        sanctions.check_name(check_name(name, 20), wall)
    except Refused:
        return False
    return True


def may_come_from(sanctions: Sanctions, address: str, wall: float = NOON) -> bool:
    try:
        sanctions.check_address(address, wall)
    except Refused:
        return False
    return True


def test_a_banned_name_and_what_looks_like_it() -> None:
    sanctions = Sanctions()
    made = impose(sanctions, "Otto")
    assert made == SaveSanction(BAN, "name:Otto", None, "Ada", "")
    names = ["Otto", "OTTO", "0tto", "Otter"]
    assert [may_be_called(sanctions, name) for name in names] == [False, False, False, True]


def test_a_banned_address_and_a_banned_network() -> None:
    sanctions = Sanctions()
    assert impose(sanctions, "192.0.2.1").subject == "address:192.0.2.1/32"
    impose(sanctions, "198.51.100.0/24")
    assert impose(sanctions, "2001:db8::1").subject == "address:2001:db8::/64"
    banned = ["192.0.2.1", "::ffff:192.0.2.1", "198.51.100.255", "2001:db8::ffff"]
    free = ["192.0.2.2", "198.51.101.1", "2001:db8:0:1::1", "/run/chat.sock", ""]
    assert not any(may_come_from(sanctions, address) for address in banned)
    assert all(may_come_from(sanctions, address) for address in free)


def test_a_sanction_ends() -> None:
    sanctions = Sanctions()
    impose(sanctions, "Bob", NOON + 60)
    impose(sanctions, "192.0.2.1", NOON + 60)
    for seconds, free in ((0, False), (59.9, False), (60, True)):
        assert may_be_called(sanctions, "Bob", NOON + seconds) is free
        assert may_come_from(sanctions, "192.0.2.1", NOON + seconds) is free
    assert list(sanctions.listed(NOON + 60)) == []


def test_the_refusal_says_until_when_and_why() -> None:
    sanctions = Sanctions()
    impose(sanctions, "Bob", NOON + 60, reason="spam")
    with pytest.raises(Refused) as refusal:
        sanctions.check_name(check_name("Bob", 20), NOON)
    assert str(refusal.value) == "That name is banned until 2023-11-14 22:14 UTC: spam"


def test_the_same_one_again_replaces_it_whatever_the_case() -> None:
    sanctions = Sanctions()
    impose(sanctions, "Bob", NOON + 60)
    again = impose(sanctions, "BOB", NOON + 600)
    assert again.subject == "name:Bob"
    assert list(sanctions.listed(NOON)) == [again]
    assert sanctions.lift(BAN, target_of("bob", 20), NOON) == ForgetSanction(BAN, "name:Bob")
    assert may_be_called(sanctions, "Bob")


def test_only_what_there_is_can_be_lifted() -> None:
    sanctions = Sanctions()
    impose(sanctions, "192.0.2.0/24")
    impose(sanctions, "Bob", NOON + 60)
    for raw, wall in (("192.0.2.1", NOON), ("Otto", NOON), ("Bob", NOON + 60)):
        with pytest.raises(Refused, match="There is no ban on"):
            sanctions.lift(BAN, target_of(raw, 20), wall)
    with pytest.raises(Refused, match="There is no mute on Bob"):
        sanctions.lift(MUTE, target_of("Bob", 20), NOON)


def test_lifting_one_of_two_that_look_alike_leaves_the_other() -> None:
    sanctions = Sanctions()
    impose(sanctions, "Otto")
    impose(sanctions, "0tto")
    sanctions.lift(BAN, target_of("0tto", 20), NOON)
    assert not may_be_called(sanctions, "0tto")
    assert not may_be_called(sanctions, "Otto")


@pytest.mark.parametrize("raw", ["Ann", "192.0.2.1"])
def test_the_muted_have_no_voice_and_may_come_in(raw: str) -> None:
    hall, sanctions = new_hall(), Sanctions()
    for name, address in (("Ann", "192.0.2.1"), ("Bob", "192.0.2.2")):
        person(hall, name, Screen(), address=address)
    ann, bob = hall.members
    impose(sanctions, raw, NOON + 60, MUTE)
    assert may_be_called(sanctions, "Ann")
    assert may_come_from(sanctions, "192.0.2.1")
    sanctions.check_voice(bob, NOON)
    sanctions.check_voice(ann, NOON + 60)
    assert sanctions.has_voice(bob, NOON)
    assert not sanctions.has_voice(ann, NOON)
    with pytest.raises(Refused, match="You are muted until"):
        sanctions.check_voice(ann, NOON)
    ann.operator = True
    sanctions.check_voice(ann, NOON)


@pytest.mark.parametrize(
    ("address", "kept_out"),
    [
        ("fe80::1%eth0", True),
        ("fe80::1%eth1", False),
        ("fe80::2%eth0", False),
        ("fe80::3%eth1", True),
    ],
)
def test_a_ban_on_a_link_local_address_is_on_that_alone(address: str, kept_out: bool) -> None:
    sanctions = Sanctions()
    impose(sanctions, "fe80::1%eth0")
    impose(sanctions, "fe80::3")  # on every link
    assert may_come_from(sanctions, address) is not kept_out
    assert may_come_from(Sanctions(list(sanctions.listed(NOON))), address) is not kept_out


def test_they_survive_a_restart() -> None:
    sanctions = Sanctions()
    impose(sanctions, "Otto", reason="spam")
    impose(sanctions, "198.51.100.0/24", NOON + 60)
    impose(sanctions, "Ann", kind=MUTE)
    again = Sanctions(list(sanctions.listed(NOON)))
    assert list(again.listed(NOON)) == list(sanctions.listed(NOON))
    assert not may_be_called(again, "0tto")
    assert not may_come_from(again, "198.51.100.7")
    assert [subject_shown(each) for each in again.listed(NOON)] == [
        "Otto",
        "198.51.100.0/24",
        "Ann",
    ]


def test_what_is_damaged_is_left_out_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    damaged = [
        SaveSanction(BAN, "address:nowhere", None, "Ada", ""),
        SaveSanction("kiss", "name:Bob", None, "Ada", ""),
    ]
    with caplog.at_level(logging.WARNING, "chatroom"):
        assert list(Sanctions(damaged).listed(NOON)) == []
    assert caplog.text.count("is damaged") == 2


def test_there_are_only_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    sanctions = Sanctions()
    impose(sanctions, "Ann", NOON + 60)
    impose(sanctions, "192.0.2.1")
    with pytest.raises(Refused, match="2 of them already"):
        impose(sanctions, "Carol")
    impose(sanctions, "ann", NOON + 90)  # in place of the first
    impose(sanctions, "Carol", kind=MUTE)  # mutes are counted separately
    impose(sanctions, "Carol", wall=NOON + 90)  # the first has ended
