"""The benchmark runs and every server in it answers rightly. No figure is asserted here."""

import csv
import itertools
from pathlib import Path

import pytest

from examples.bench.__main__ import main
from examples.bench.load import Address, Echoes, Load, Room, Visits
from examples.bench.memory import beyond_the_socket
from examples.bench.plan import WORKLOADS
from examples.bench.process import ServerProcess
from examples.bench.servers import why_missing
from examples.bench.stats import Quartiles, Run, quartiles, score

PAIRS = sorted(
    {
        (contestant.server, workload.kind)
        for workload in WORKLOADS
        for contestant in workload.contestants
    }
)


def small_loads(kind: str, address: Address) -> list[Load]:
    """Return loads of a few connections, one of each sort that the kind of server is given."""
    if kind == "fanout":
        return [Room(address, 3, lines=16)]
    return [Echoes(address, 3), Echoes(address, 2, lines=256), Visits(address, 4)]


@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_a_server_answers_rightly(name: str, kind: str) -> None:
    if reason := why_missing(name):
        pytest.skip(reason)
    with ServerProcess(name, kind) as server:
        for load in small_loads(kind, server.address):
            with load:
                load.check()
                assert sum(load.step() for _ in range(3)) > 0


def test_a_server_that_cannot_start_is_reported() -> None:
    with (
        pytest.raises(RuntimeError, match="ended before it listened"),
        ServerProcess("asyncio", "x"),
    ):
        pass


@pytest.mark.skipif(why_missing("handwritten") is not None, reason="this system has no epoll")
def test_the_command_prints_a_table_and_writes_the_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = tmp_path / "figures.csv"
    main(["--only", "bursts", "--rounds", "2", "--seconds", "0.02", "--csv", str(figures)])
    printed = capsys.readouterr().out
    assert "bursts of 256 lines" in printed
    with figures.open(newline="") as file:
        rows = {row["contestant"]: row for row in csv.DictReader(file)}
    assert rows.keys() >= {"miniloop", "handwritten", "asyncio"}
    assert all(float(row["rate"]) > 0 for row in rows.values())
    assert rows["handwritten"]["target"] == "0.5"


@pytest.mark.skipif(why_missing("handwritten") is not None, reason="it reads /proc")
@pytest.mark.parametrize("by", ["tracemalloc", "rss"])
def test_memory_is_counted(by: str) -> None:
    assert beyond_the_socket(by, count=20) == pytest.approx(0, abs=1 << 20)


@pytest.mark.skipif(why_missing("handwritten") is not None, reason="it reads /proc")
def test_a_crowd_talks_and_loses_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    crowd = pytest.importorskip("examples.bench.crowd", reason="needs miniloop[chat]")
    crowd.main(["--members", "20", "--rooms", "2", "--seconds", "0.5", "--every", "0.1"])
    said = capsys.readouterr().out
    assert "20 members in 2 rooms, 10 of them by web" in said
    assert " 0 lost, 0 doubled or out of order" in said


# -- the arithmetic -------------------------------------------------------------------------------


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
def test_both_ratios_must_reach_the_target(rate: float, per_cpu: float, verdict: str) -> None:
    assert score("peer", 0.9, [Run(1.0, 1.0, 1.0)], [Run(rate, per_cpu, 1.0)]).verdict == verdict


def test_without_a_cpu_clock_the_rate_decides() -> None:
    result = score("peer", 0.9, [Run(1.0)], [Run(1.0)])
    assert (result.cpu_ratio, result.busy, result.verdict) == (None, None, "yes")


def test_quartiles_do_not_depend_on_order() -> None:
    for values in itertools.permutations((1.0, 2.0, 3.0, 4.0, 5.0)):
        assert quartiles(values) == Quartiles(2.0, 3.0, 4.0)
