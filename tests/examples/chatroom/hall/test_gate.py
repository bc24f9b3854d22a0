from __future__ import annotations

import pytest

from examples.chatroom.hall.gate import Gate
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
