"""Three whole nodes on a simulated network with one engine, schedule after schedule.

Whatever the engine, the nodes and the network do: each member sees a part of a room's one order,
nothing lost, duplicated or reordered; names are unique at all nodes; memory is bounded.  ``city``
has the checks; ``python3 -m tests.schedules --cluster`` runs more schedules.
"""

from __future__ import annotations

import pytest

pytest.importorskip("hiredis", reason="needs the extra [redis]")
pytest.importorskip("lupa", reason="needs lupa, which runs the engine's scripts")
pytest.importorskip("websockets", reason="no websockets, so no browsers in the schedules")

from tests import schedules

from .city.browsers import Browser
from .city.members import LineMember
from .city.schedule import Schedule, run_schedule

SCHEDULES = 1000
TESTS = 20
USUAL = 3  # in a run without the long tests


@pytest.mark.parametrize(
    "part",
    [*range(USUAL), *(pytest.param(each, marks=pytest.mark.long) for each in range(USUAL, TESTS))],
)
def test_cluster_schedules(part: int) -> None:
    size = SCHEDULES // TESTS
    for seed in range(part * size, (part + 1) * size):
        run_schedule(seed)


def test_the_longer_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert schedules.main(["--cluster", "--count", "2", "--seed", "5"]) == 0
    assert "2 schedules, 0 failed" in capsys.readouterr().out


def test_a_seed_is_one_schedule() -> None:
    first, again = (run_schedule(7) for _ in range(2))
    assert first.happened == again.happened
    assert first.engine.said == again.engine.said
    assert [each.seen for each in first.members] == [each.seen for each in again.members]


def test_all_doors_and_troubles_take_part() -> None:
    seen = [run_schedule(seed) for seed in range(20)]
    kinds = {type(member) for schedule in seen for member in schedule.members}
    assert kinds == {Browser, LineMember}
    assert len({trouble for schedule in seen for _, trouble in schedule.happened}) > 8
    assert sum(map(_lines, seen)) > 100


def _lines(schedule: Schedule) -> int:
    return sum(len(lines) for lines in schedule.engine.said.values())
