from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.chatroom.client.pace import Pace, pace_for
from examples.chatroom.hall.limits import Limits
from examples.chatroom.hall.throttle import TokenBucket


def test_a_burst_then_one_at_a_time() -> None:
    pace = Pace(burst=3, rate=2)
    assert [pace.take(5.0) for _ in range(4)] == [0, 0, 0, 0.5]
    assert pace.take(5.5) == 0
    assert pace.take(5.5) == 0.5


@given(st.lists(st.floats(0, 5), max_size=60))
def test_the_server_drops_nothing_that_was_paced(pauses: list[float]) -> None:
    limits = Limits()
    facts = {"FLOOD BURST": str(limits.flood_burst), "FLOOD RATE": str(limits.flood_rate)}
    now, server = 0.0, TokenBucket(limits.flood_rate, limits.flood_burst, 0.0)
    for pace in (Pace(), pace_for(facts)):
        for pause in pauses:
            now += pause
            while wait := pace.take(now):
                now += wait
            assert server.take(now)
        now += 1000.0


@pytest.mark.parametrize(
    ("burst", "rate", "expected"),
    [
        ("40", "10", Pace(30.0, 9.0)),
        ("1", "0.5", Pace(1.0, 0.45)),
        ("x", "2", Pace()),
        ("nan", "2", Pace()),
        ("20", "-1", Pace()),
        ("inf", "2", Pace()),
    ],
)
def test_a_server_tells_its_limits_or_nonsense(burst: str, rate: str, expected: Pace) -> None:
    assert pace_for({"FLOOD BURST": burst, "FLOOD RATE": rate}) == expected
    assert pace_for({}) == Pace()
