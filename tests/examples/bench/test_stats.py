import itertools

import pytest

from examples.bench.stats import Quartiles, Run, capacity, quartiles, score


def test_ratios_are_taken_within_a_round() -> None:
    # The machine was ten times slower in the last round, for both: it must not show.
    ours = [Run(rate, rate, 1.0) for rate in (100.0, 110.0, 11.0)]
    theirs = [Run(rate, rate, 1.0) for rate in (200.0, 220.0, 22.0)]
    result = score("peer", 0.5, theirs, ours)
    assert result.rate_ratio == result.cpu_ratio == Quartiles(0.5, 0.5, 0.5)
    assert result.verdict == "yes"
    assert result.rate == 200.0


@pytest.mark.parametrize(
    ("rate", "per_cpu", "verdict"),
    [(1.0, 1.0, "yes"), (0.8, 0.8, "NO"), (1.0, 0.8, "rate only"), (0.8, 1.0, "cpu only")],
)
def test_both_ratios_must_reach_the_goal(rate: float, per_cpu: float, verdict: str) -> None:
    assert score("peer", 0.9, [Run(1.0, 1.0, 1.0)], [Run(rate, per_cpu, 1.0)]).verdict == verdict


def test_a_goal_by_processor_time_may_be_another() -> None:
    result = score("peer", 0.98, [Run(1.0, 1.0)], [Run(0.99, 0.94)], cpu_goal=0.93)
    assert (result.verdict, result.wanted) == ("yes", "0.98 / 0.93")
    assert score("peer", 0.98, [Run(1.0, 1.0)], [Run(0.99, 0.94)]).verdict == "rate only"


def test_one_goal_is_shown_once() -> None:
    assert score("peer", 0.98, [Run(1.0)], [Run(1.0)]).wanted == "0.98"
    assert score("peer", None, [Run(1.0)], [Run(1.0)]).wanted == ""


def test_without_a_cpu_clock_the_rate_decides() -> None:
    result = score("peer", 0.9, [Run(1.0)], [Run(1.0)])
    assert (result.cpu_ratio, result.busy, result.verdict) == (None, None, "yes")


@pytest.mark.parametrize(("idle", "doubtful"), [(0.04, True), (0.06, False), (None, False)])
def test_a_load_that_hardly_waits_makes_a_rate_doubtful(idle: float | None, doubtful: bool) -> None:
    assert score("peer", None, [Run(1.0, idle=idle)], [Run(1.0)]).doubtful is doubtful


def test_the_capacity_is_what_a_load_that_never_waits_could_do() -> None:
    assert capacity([Run(100.0, idle=0.5), Run(100.0, idle=0.75), Run(100.0, idle=0.0)]) == 200.0
    assert capacity([Run(100.0)]) is None


def test_quartiles_do_not_depend_on_order() -> None:
    for values in itertools.permutations((1.0, 2.0, 3.0, 4.0, 5.0)):
        assert quartiles(values) == Quartiles(2.0, 3.0, 4.0)
