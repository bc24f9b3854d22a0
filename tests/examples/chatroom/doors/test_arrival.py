from __future__ import annotations

from examples.chatroom.doors.arrival import Arrival, arrive
from examples.chatroom.hall.gate import Gate
from examples.chatroom.hall.limits import Limits


def test_who_arrives_takes_a_place_or_hears_why_not() -> None:
    gate = Gate(Limits(max_members=1))
    first, second = arrive(gate, "192.0.2.1"), arrive(gate, "192.0.2.2")
    assert first.place is not None
    assert (first.place.address, first.refusal, first.unknown) == ("192.0.2.1", "", False)
    assert (second.place, second.unknown) == (None, False)
    assert "full" in second.refusal
    first.place.leave()
    assert arrive(gate, "192.0.2.2").place is not None


def test_whose_address_is_still_to_be_told_is_unknown() -> None:
    assert Arrival("10.0.0.1", unknown=True).unknown
    assert not Arrival("192.0.2.1").unknown
