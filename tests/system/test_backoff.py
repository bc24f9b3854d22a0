import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniloop.system.backoff import Backoff


def test_a_delay_doubles_up_to_the_bound() -> None:
    backoff = Backoff(first=0.1, longest=1.0, healthy=30.0)
    assert [backoff.delay(0.0) for _ in range(6)] == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0]


def test_a_healthy_time_begins_again_with_the_first_delay() -> None:
    backoff = Backoff(first=0.1, longest=1.0, healthy=30.0)
    for _ in range(4):
        backoff.delay(29.9)
    assert backoff.delay(30.0) == 0.1
    assert backoff.delay(0.0) == 0.2


@given(st.lists(st.floats(0, 100)))
def test_every_delay_is_within_its_bounds(lasted: list[float]) -> None:
    backoff = Backoff(first=0.5, longest=7.0, healthy=10.0)
    assert all(0.5 <= backoff.delay(each) <= 7.0 for each in lasted)


@pytest.mark.parametrize(
    ("first", "longest", "healthy"), [(0, 1, 1), (-1, 1, 1), (2, 1, 1), (1, 2, 0), (1, 2, -1)]
)
def test_times_that_make_no_sense(first: float, longest: float, healthy: float) -> None:
    with pytest.raises(ValueError, match="0 < first <= longest"):
        Backoff(first, longest, healthy)


@pytest.mark.parametrize("name", ["first", "longest", "healthy"])
def test_what_is_no_number_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="0 < first <= longest"):
        Backoff(**{name: float("nan")})
