"""Three nodes on a real Redis, members at both doors, and everything that can go wrong.

A longer run: ``python3 -m tests.cluster --rounds 100``.
"""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("hiredis", reason="a node of a cluster needs the package hiredis")
pytest.importorskip("websockets", reason="the web door needs the package websockets")

from tests.cluster.faults import FAULTS
from tests.cluster.rounds import play

ROUNDS = 10


@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_fault_in_traffic_loses_doubles_and_reorders_nothing(tmp_path: Path, number: int) -> None:
    fault = [*FAULTS][number % len(FAULTS)]
    outcome = play(tmp_path, fault, seed=number)
    assert outcome.lines > 50
