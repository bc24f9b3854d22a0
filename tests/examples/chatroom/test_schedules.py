"""The whole chat room on simulated networks, schedule after schedule.

Whatever people, store and network do: no message is lost, duplicated, reordered within a room, or
shown to the wrong member; memory stays bounded; in the end every name is free. ``town`` has the
checks; ``python3 -m tests.schedules`` runs more schedules.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import schedules

from .town.town import run_schedule

SCHEDULES = 2000
TESTS = 20


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Silence the log: two thousand rooms write a lot."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("part", range(TESTS))
def test_schedules(part: int) -> None:
    size = SCHEDULES // TESTS
    for seed in range(part * size, (part + 1) * size):
        run_schedule(seed)


def test_browsers_take_part() -> None:
    """Schedules have no browsers where the web door cannot be opened."""
    pytest.importorskip("websockets", reason="no websockets, so no browsers in the schedules")
    crowds = [run_schedule(seed).people for seed in range(10)]
    assert any(person.plan.web for crowd in crowds for person in crowd)


def test_the_longer_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert schedules.main(["--count", "2", "--seed", "5"]) == 0
    assert "2 schedules, 0 failed" in capsys.readouterr().out


@given(st.integers(0, 1 << 32), st.randoms(use_true_random=False))
@settings(max_examples=30)
def test_schedules_that_hypothesis_chooses(seed: int, chance: random.Random) -> None:
    """A few people, so that a failing schedule can be minimised."""
    run_schedule(seed, most=4, chance=chance)
