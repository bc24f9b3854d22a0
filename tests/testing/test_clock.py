"""The clock that a test moves by hand."""

from miniloop.testing import FakeClock


def test_clock_stands_still_until_told() -> None:
    clock = FakeClock(5)
    assert (clock(), clock()) == (5, 5)
    clock.advance(2.5)
    assert clock() == 7.5
