from __future__ import annotations

from examples.chatroom.hall.throttle import Throttle


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
