from __future__ import annotations

from ipaddress import ip_network

import pytest

from examples.chatroom.people.names import Name, Refused, check_name
from examples.chatroom.people.targets import describe, from_subject, meets, subject_of, target_of
from tests.examples.chatroom.helpers import NOON, Screen, new_hall, person


@pytest.mark.parametrize(
    ("raw", "network"),
    [
        ("192.0.2.7", "192.0.2.7/32"),
        ("192.0.2.7/24", "192.0.2.0/24"),
        ("192.0.2.7/255.255.255.0", "192.0.2.0/24"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::1/128", "2001:db8::1/128"),
        ("fe80::1%eth0", "fe80::1%eth0/128"),
        ("fe80::1", "fe80::1/128"),
        ("::ffff:192.0.2.7", "192.0.2.7/32"),
        ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
        ("::1", "::/64"),
    ],
)
def test_addresses_and_networks(raw: str, network: str) -> None:
    assert target_of(raw, 20) == ip_network(network)


@pytest.mark.parametrize("raw", ["Bob", "a.b.c.d", "1.2.3", "7", "x2"])
def test_names(raw: str) -> None:
    assert target_of(raw, 20) == check_name(raw, 20)


@pytest.mark.parametrize("raw", ["", "1.2.3.999", "1.2.3.4/33", "a/b", "::g", "two words"])
def test_what_is_neither(raw: str) -> None:
    with pytest.raises(Refused):
        target_of(raw, 20)


@pytest.mark.parametrize("raw", ["0.0.0.0/0", "10.0.0.0/7", "::/0", "2001::/15"])
def test_a_network_of_half_the_world_is_a_slip(raw: str) -> None:
    with pytest.raises(Refused, match="too large"):
        target_of(raw, 20)


@pytest.mark.parametrize(
    ("raw", "address", "met"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.0.0/16", "192.0.2.2", True),
        ("2001:db8::1", "2001:db8::2", True),
        ("2001:db8::1/128", "2001:db8::2", False),
        ("2001:db8::1", "192.0.2.1", False),
        ("fe80::1", "fe80::1%eth0", True),
        ("fe80::1", "fe80::2%eth0", False),
        ("fe80::1%eth0", "fe80::1%eth0", True),
        ("fe80::1%eth0", "fe80::1%eth1", False),
        ("fe80::1%eth0", "192.0.2.1", False),
        ("fe80::/64", "fe80::2%eth0", True),
        ("192.0.2.1", "/run/chat.sock", False),
        ("192.0.2.1", "", False),
        ("Ann", "192.0.2.1", True),
        ("ANN", "192.0.2.1", True),
        ("Bob", "192.0.2.1", False),
    ],
)
def test_who_is_meant(raw: str, address: str, met: bool) -> None:
    hall = new_hall()
    person(hall, "Ann", address=address)
    assert meets(target_of(raw, 20), hall.members[0]) is met


def test_who_looks_like_a_name_is_meant_by_it() -> None:
    hall = new_hall()
    person(hall, "0tto", Screen())
    assert meets(check_name("Otto", 20), hall.members[0])


def test_one_without_a_name_is_meant_by_none() -> None:
    hall = new_hall()
    hall.connect(Screen(), hall.gate.enter("192.0.2.1"), NOON)
    assert not meets(Name("", ""), hall.members[0])


@pytest.mark.parametrize("raw", ["Bob", "192.0.2.7", "192.0.2.0/24", "2001:db8::1", "fe80::1%eth0"])
def test_what_is_stored_means_the_same(raw: str) -> None:
    target = target_of(raw, 20)
    assert from_subject(subject_of(target)) == target


def test_how_people_write_them() -> None:
    raw = ["Bob", "192.0.2.7", "192.0.2.0/24", "2001:db8::/64", "fe80::1%eth0"]
    assert [describe(target_of(each, 20)) for each in raw] == raw
