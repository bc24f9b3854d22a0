"""Three nodes on a real Redis, members at both doors, and every kind of failure.

A longer run: ``python3 -m tests.cluster --rounds 100``.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("hiredis", reason="a node of a cluster needs the package hiredis")
pytest.importorskip("websockets", reason="the web door needs the package websockets")

from tests.cluster.faults import FAULTS
from tests.cluster.rounds import play
from tests.cluster.town import Town, running

ROUNDS = 10
USUAL = 3  # in a run without the long tests
pytestmark = pytest.mark.needs("localhost")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """One town for all rounds: each round has a room and members of its own."""
    with running(tmp_path_factory.mktemp("town")) as town:
        yield town


@pytest.mark.parametrize(
    "number",
    [*range(USUAL), *(pytest.param(each, marks=pytest.mark.long) for each in range(USUAL, ROUNDS))],
)
def test_a_fault_in_traffic_loses_doubles_and_reorders_nothing(town: Town, number: int) -> None:
    outcome = play(town, [*FAULTS][number % len(FAULTS)], seed=number)
    assert outcome.lines > 30


def test_all_of_them_end_in_order(town: Town) -> None:
    town.end_in_order()
