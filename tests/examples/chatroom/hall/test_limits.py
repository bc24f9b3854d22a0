from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.chatroom.hall.limits import FloodGuard, Limits, TokenBucket, Verdict, source_of


@pytest.mark.parametrize("each", dataclasses.fields(Limits), ids=lambda each: each.name)
def test_each_limit_has_its_unit_and_its_reason(each: dataclasses.Field[float]) -> None:
    assert each.metadata["unit"]
    assert each.metadata["why"]


@pytest.mark.parametrize("each", dataclasses.fields(Limits), ids=lambda each: each.name)
@pytest.mark.parametrize("value", [-1, math.nan, math.inf])
def test_each_limit_refuses_nonsense(each: dataclasses.Field[float], value: float) -> None:
    with pytest.raises(ValueError, match=each.name):
        Limits(**{each.name: value})  # type: ignore[arg-type]  # nonsense on purpose


def test_the_time_out_comes_after_the_ping() -> None:
    with pytest.raises(ValueError, match="longer than idle_ping"):
        Limits(idle_ping=10, idle_timeout=10)


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    bucket = TokenBucket(rate=2.0, burst=3, now=0.0)
    assert [bucket.take(0.0) for _ in range(4)] == [True, True, True, False]
    assert [bucket.take(0.5) for _ in range(2)] == [True, False]


@given(
    rate=st.floats(0.01, 100),
    burst=st.integers(1, 50),
    times=st.lists(st.floats(0, 1000), min_size=1).map(sorted),
)
def test_a_bucket_never_gives_more_than_burst_and_rate(
    rate: float, burst: int, times: list[float]
) -> None:
    bucket = TokenBucket(rate, burst, 0.0)
    given_out = sum(bucket.take(now) for now in times)
    assert given_out <= burst + rate * times[-1] + 1e-6


@given(st.lists(st.floats(-1000, 1000)))
def test_a_clock_that_jumps_back_gives_nothing(times: list[float]) -> None:
    bucket = TokenBucket(rate=1.0, burst=5, now=1000.0)
    assert sum(bucket.take(now) for now in times) <= 5


def guard(**limits: float) -> FloodGuard:
    return FloodGuard(Limits(**limits), now=0.0)  # type: ignore[arg-type]  # ints where ints belong


def test_flood_is_warned_of_once_then_dropped_then_expelled() -> None:
    judge = guard(flood_rate=1.0, flood_burst=2, flood_strikes=3).judge
    verdicts = [judge(0.0) for _ in range(6)]
    assert verdicts == [
        Verdict.PASS,
        Verdict.PASS,
        Verdict.WARN,
        Verdict.DROP,
        Verdict.DROP,
        Verdict.EXPEL,
    ]


def test_a_silence_clears_the_record() -> None:
    judge = guard(flood_rate=1.0, flood_burst=2, flood_strikes=1).judge
    for start in (0.0, 10.0, 20.0):
        assert [judge(start) for _ in range(3)] == [Verdict.PASS, Verdict.PASS, Verdict.WARN]


def test_somebody_just_above_the_rate_is_warned_once_only() -> None:
    judge = guard(flood_rate=1.0, flood_burst=5, flood_strikes=1000).judge
    verdicts = [judge(step * 0.9) for step in range(500)]
    assert verdicts.count(Verdict.WARN) == 1
    assert verdicts.count(Verdict.DROP) > 10


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("", "", True),
    ],
)
def test_whom_an_address_counts_for(one: str, other: str, same: bool) -> None:
    assert (source_of(one) == source_of(other)) is same
