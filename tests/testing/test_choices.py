"""The choices of a network, all from one source."""

import random

from hypothesis import given
from hypothesis import strategies as st

from miniloop.testing import GENTLE, Faults
from miniloop.testing.choices import Choices


def test_the_same_seed_makes_the_same_choices() -> None:
    def some(seed: int) -> list[object]:
        choices = Choices(seed, Faults(shuffle=1))
        return [choices.delay(), choices.buffer(), choices.part(100, 0.5), choices.order([1, 2, 3])]

    assert some(1) == some(1) != some(2)


def test_without_faults_no_number_is_drawn() -> None:
    class Silent(random.Random):
        def random(self) -> float:
            raise AssertionError("drawn")

    choices = Choices(Silent(), GENTLE)
    assert not choices.chance(0)
    assert choices.delay() == 0.001
    assert choices.buffer() == 65536
    assert choices.part(9, 0) == 9
    assert choices.order([1, 2]) == [1, 2]
    assert choices.pick([7]) == 7


@given(st.randoms(use_true_random=False), st.integers(1, 9))
def test_choices_stay_inside_their_bounds(source: random.Random, size: int) -> None:
    choices = Choices(source, Faults(latency=(1, 2), buffers=(3, 5), shuffle=1))
    assert 1 <= choices.delay() <= 2
    assert 3 <= choices.buffer() <= 5
    assert 1 <= choices.part(size, 1) <= size
    some = choices.order([*range(size)])
    assert set(some) <= set(range(size))
    assert len(some) == len(set(some)) >= 1


def test_low_numbers_mean_no() -> None:
    class Low(random.Random):
        def random(self) -> float:
            return 0.0

    assert not Choices(Low(), GENTLE).chance(0.99)


def test_a_failure_gets_one_note_with_the_seed() -> None:
    choices, failure = Choices(5, GENTLE), ValueError("wrong")
    choices.note_seed(failure)
    choices.note_seed(failure)
    assert failure.__notes__ == [
        f"the same run again: SimulatedNetwork(seed=5, faults={GENTLE!r}); "
        "add log=print to see what happens when"
    ]
