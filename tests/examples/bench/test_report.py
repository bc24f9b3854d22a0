"""What is shown: tables, warnings, goals, and what goes into a page."""

import csv
from pathlib import Path

import pytest

from examples.bench import marks, page
from examples.bench.goals import summary
from examples.bench.options import parse_arguments
from examples.bench.report import csv_rows, memory_rows, table, warnings, write_csv
from examples.bench.stats import Result, Run, Score, Size, score

DOCS = Path(__file__).resolve().parents[3] / "docs"
FAST = Run(90.0, 80.0, 1.0, 0.0, 0.3)
SLOW_LOAD = Run(100.0, 100.0, 0.7, 0.0, 0.01)


def scores(theirs: Run, goal: float | None = 0.95) -> list[Score]:
    ours = [FAST]
    return [score("miniloop", None, ours, ours), score("peer", goal, [theirs], ours)]


def test_a_rate_that_may_be_the_load_s_is_marked() -> None:
    ours, theirs = table("title", scores(SLOW_LOAD)).splitlines()[2:]
    assert " 100* " in theirs
    assert "*" not in ours
    assert warnings(scores(SLOW_LOAD)) == [
        "  ! peer: * the load was the bottleneck, it waited for 0.01 of the time: trust the CPU "
        "ratio, not the rate"
    ]


def test_a_rate_of_the_server_s_is_not_marked() -> None:
    assert "*" not in table("title", scores(FAST))
    assert warnings(scores(FAST)) == []


def test_another_program_on_the_cores_is_no_fault_of_the_load() -> None:
    (warning,) = warnings(scores(Run(10.0, 10.0, 0.5, 0.4, 0.0)))
    assert "another program" in warning


def test_a_goal_is_reached_or_short_by_so_much() -> None:
    result = Result("work", "title", scores(Run(100.0, 80.0, 1.0, 0.0, 0.3)))
    assert summary([result], []).splitlines()[1].split() == (
        ["work", "peer", "0.95", "0.90", "short", "by", "5.3%", "1.00", "reached"]
    )


def test_a_goal_missed_by_a_hair_is_not_shown_as_missed_by_nothing() -> None:
    result = Result("work", "title", scores(Run(94.75, 84.3, 1.0, 0.0, 0.3)))
    assert summary([result], []).splitlines()[1].split() == (
        ["work", "peer", "0.95", "0.95", "short", "by", "0.1%", "0.95", "short", "by", "0.1%"]
    )


def test_the_summary_marks_what_the_load_may_have_decided() -> None:
    marked = summary([Result("work", "title", scores(SLOW_LOAD))], [])
    assert "0.90 short by 5.3%*" in marked
    assert marked.endswith("* the load was the bottleneck")


def test_what_has_no_goal_is_not_in_the_summary() -> None:
    result = Result("work", "title", scores(FAST, None))
    assert "work" not in summary([result], [Size("rss", 1000.0, None)])


@pytest.mark.parametrize(("size", "said"), [(786.0, "786 reached"), (800.0, "800 over by 1.8%")])
def test_memory_has_a_goal_too(size: float, said: str) -> None:
    assert said in summary([], [Size("tracemalloc", size, 786)])


def test_the_figures_are_written_with_their_goals(tmp_path: Path) -> None:
    result = Result("work", "title", scores(FAST), capacity=250.0)
    path = tmp_path / "figures.csv"
    write_csv(path, [*csv_rows(result), *memory_rows([Size("rss", 1000.0, None)])])
    with path.open(newline="") as file:
        rows = {row["contestant"]: row for row in csv.DictReader(file)}
    assert rows["peer"]["goal"] == "0.95"
    assert rows["peer"]["load_idle"] == "0.3"
    assert rows["ceiling"]["rate"] == "250.0"
    assert rows["rss"]["rate"] == "1000.0"


# -- the page -------------------------------------------------------------------------------------


def test_a_page_gets_ours_to_each_peer_s() -> None:
    results = [
        Result("work", "title", scores(Run(100.0, 80.0, 1.0, 0.0, 0.2))),
        Result("old-work", "other title", scores(SLOW_LOAD)),
    ]
    bodies = page.bodies("a machine", results, [Size("tracemalloc", 780.0, 786)])
    native, old = bodies[page.NATIVE], bodies[page.ASYNCORE]
    assert "| `work`: title | peer | 0.95 | 0.90 short by 5.3% | 1.00 | 20% |\n" in native
    assert "old-work" not in native
    assert "a machine" in native
    assert "780 by tracemalloc (goal: at most 786)" in native
    assert "0.90 short by 5.3%\\*" in old
    assert "780" not in old


def test_the_page_of_the_benchmarks_has_both_places() -> None:
    assert marks.blocks(DOCS / "reference" / "benchmarks.md") == [page.NATIVE, page.ASYNCORE]


@pytest.mark.parametrize(
    "part", ["--quick", "--goals", "--only=echo", "--load=python", "--allocator=system"]
)
def test_a_page_gets_whole_runs_only(part: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_arguments(["--page", "page.md", part])
    assert "--page goes with a whole run" in capsys.readouterr().err
