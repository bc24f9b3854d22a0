from __future__ import annotations

import pytest

from examples.chatroom.hall.gate import Full, Gate
from examples.chatroom.hall.limits import Limits
from examples.chatroom.people.names import Refused


def test_connections_are_counted_in_all_and_for_each_address() -> None:
    gate = Gate(Limits(max_members=3, max_per_address=2))
    first = gate.enter("192.0.2.1")
    gate.enter("192.0.2.1")
    with pytest.raises(Refused, match="your address"):
        gate.enter("::ffff:192.0.2.1")
    gate.enter("192.0.2.2")
    with pytest.raises(Refused, match="full"):
        gate.enter("192.0.2.3")
    first.leave()
    gate.enter("192.0.2.3")


def test_a_place_is_given_back_once() -> None:
    gate = Gate(Limits())
    place = gate.enter("192.0.2.1")
    gate.enter("192.0.2.1")
    for _ in range(3):
        place.leave()
    assert gate.taken == 1


def test_a_site_of_ipv6_has_a_number_of_places_of_its_own() -> None:
    gate = Gate(Limits(max_per_site=2))
    first = gate.enter("2001:db8:1:1::1")
    gate.enter("2001:db8:1:2::1")
    with pytest.raises(Refused, match="your address"):
        gate.enter("2001:db8:1:3::1")
    gate.enter("2001:db8:2::1")
    first.leave()
    gate.enter("2001:db8:1:3::1")


def test_link_local_neighbours_do_not_share_their_places() -> None:
    gate = Gate(Limits(max_per_address=1))
    for address in ("fe80::1%eth0", "fe80::2%eth0", "fe80::1%eth1"):
        gate.enter(address)
    with pytest.raises(Refused, match="your address"):
        gate.enter("fe80::1%eth0")


def test_a_place_moves_with_its_holder() -> None:
    gate = Gate(Limits(max_members=2, max_per_address=1))
    ada, bob = gate.enter("192.0.2.1"), gate.enter("192.0.2.2")
    ada.move("192.0.2.3")
    assert (ada.address, ada.source, gate.taken) == ("192.0.2.3", "192.0.2.3", 2)
    ada.move("192.0.2.3")
    with pytest.raises(Full, match="your address"):
        ada.move("192.0.2.2")
    assert (ada.address, gate.taken) == ("192.0.2.3", 2)
    bob.move("192.0.2.1")
    for place in (ada, bob):
        place.leave()
        place.move("192.0.2.9")
    assert (gate.taken, bob.address) == (0, "192.0.2.9")
