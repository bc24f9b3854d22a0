from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from examples.chatroom.hall.throttle import Throttle, TokenBucket


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


def test_each_key_has_a_bucket_of_its_own() -> None:
    throttle = Throttle(rate=1.0, burst=2)
    assert [throttle.take("a", 0.0) for _ in range(3)] == [True, True, False]
    assert throttle.take("b", 0.0)
    assert throttle.take("a", 1.0)
    assert not throttle.take("a", 1.0)


def test_full_buckets_make_place_and_others_are_remembered() -> None:
    throttle = Throttle(rate=1.0, burst=1, most=2)
    throttle.take("patient", 0.0)
    throttle.take("greedy", 10.0)
    assert throttle.take("newcomer", 10.0)
    assert not throttle.take("greedy", 10.0)
    assert not throttle.take("newcomer", 10.0)


def test_a_crowd_of_strangers_shuts_nobody_out_and_takes_no_more_memory() -> None:
    throttle = Throttle(rate=0.001, burst=1, most=10)
    assert all(throttle.take(number, 0.0) for number in range(1000))
    assert len(throttle._buckets) == 10


def test_one_can_look_whether_anything_is_left() -> None:
    throttle = Throttle(rate=1.0, burst=1)
    assert not throttle.spent("a", 0.0)
    throttle.take("a", 0.0)
    assert throttle.spent("a", 0.5)
    assert not throttle.spent("a", 1.0)
