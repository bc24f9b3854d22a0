"""The pure parts of the laboratory: plan, sums, tables, files, labels, what /proc says."""

import io
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.bench import marks
from examples.servers.lab import files, page, plots
from examples.servers.lab.closed_loop import Sample
from examples.servers.lab.contestants import CEILING, CONTESTANTS, FLOOR, chosen
from examples.servers.lab.digest import digest
from examples.servers.lab.figures import Figure, figures
from examples.servers.lab.labels import apart
from examples.servers.lab.plan import ACTIVE, BURSTS, IDLE, SIZES, Case, Trial, cases, trials
from examples.servers.lab.progress import Progress, duration
from examples.servers.lab.rounds import Results
from examples.servers.lab.table import digits, markdown, text_table
from examples.servers.lab.tree import Memory, parse_rollup, parse_stat
from examples.servers.lab.trial import Failure, Run, percentile

ROOT = Path(__file__).resolve().parents[3]
RUN = Run(
    "epoll", ACTIVE, 100, 1, 50_000.0, 0.002, 0.003, 1e-5, 0.5, 0.5, 2**20, 512.0, 2**21, 1, 1
)
CEILING_RUN = replace(RUN, label=CEILING.label, rate=80_000.0, load=1.0)


# -- the plan -------------------------------------------------------------------------------------


def test_every_size_is_measured_active_and_idle_and_bursts_too() -> None:
    measured = {(shape, case.connections) for case in cases() for shape in case.shapes}
    assert {(ACTIVE, size) for size in SIZES} < measured
    assert {(IDLE, size) for size in SIZES if size > 1} < measured
    assert [shape for shape, _ in measured].count(BURSTS) == 1


def test_rounds_are_interleaved_and_another_one_comes_first() -> None:
    order = list(trials([Case(1, (ACTIVE,))], CONTESTANTS[:3], 3))
    assert [trial.number for trial in order] == [1] * 3 + [2] * 3 + [3] * 3
    labels = [trial.contestant.label for trial in order]
    assert labels[0::3] == [each.label for each in CONTESTANTS[:3]]
    for start in (0, 3, 6):
        assert set(labels[start : start + 3]) == set(labels[:3])


def test_the_calibration_always_runs() -> None:
    assert [each.label for each in chosen(["select"])] == ["ceiling", "floor", "select"]
    assert chosen(None)[2 : 2 + len(CONTESTANTS)] == list(CONTESTANTS)


def test_who_depends_on_the_allocator_runs_under_both_settings() -> None:
    under_system = [each.label for each in chosen(None) if each.allocator == "system"]
    assert under_system == ["asyncio", "streams"]
    assert {each.allocator for each in chosen(None, "system")} == {"system"}
    both = chosen(["select", "asyncio"], "both")[2:]
    assert [(each.label, each.allocator.value) for each in both] == [
        ("select", "raised"),
        ("asyncio", "raised"),
        ("select", "system"),
        ("asyncio", "system"),
    ]


def test_who_failed_is_not_sent_to_as_many_or_more() -> None:
    results = Results(failures=[Failure("select", "", 1000, "no")])
    at = {size: Trial(2, Case(size, (ACTIVE,)), CONTESTANTS[2]) for size in (10, 1000, 5000)}
    assert results.ended(at[10]) is None
    for size in (1000, 5000):
        earlier = results.ended(at[size])
        assert earlier is not None
        results.explain(at[size], earlier)
    assert results.failures[1:] == [Failure("select", "", 5000, "not tried: no")]


def test_who_cannot_do_bursts_may_do_the_rest() -> None:
    results = Results(failures=[Failure("select", BURSTS, 4, "no")])
    assert results.ended(Trial(2, Case(10, (ACTIVE,)), CONTESTANTS[2])) is None
    assert results.ended(Trial(2, Case(4, (BURSTS,)), CONTESTANTS[2])) is not None


def test_what_was_not_tried_is_noted_once() -> None:
    results = Results(failures=[Failure("select", "", 10, "no")])
    for number in (1, 2, 3):
        trial = Trial(number, Case(100, (ACTIVE,)), CONTESTANTS[2])
        earlier = results.ended(trial)
        assert earlier is not None
        results.explain(trial, earlier)
    assert len(results.failures) == 2


# -- the sums -------------------------------------------------------------------------------------


def test_a_figure_is_the_median_of_the_rounds() -> None:
    runs = [
        replace(RUN, number=n, rate=rate, p99=rate) for n, rate in enumerate((30.0, 10.0, 20.0))
    ]
    (figure,) = figures(runs)
    assert (figure.rate, figure.p99, figure.rounds) == (20.0, 20.0, 3)
    assert (figure.low, figure.high) == (15.0, 25.0)
    assert figure.spread == pytest.approx(0.25)
    assert figure.ceiling == 0
    assert not figure.doubtful


def test_other_places_are_not_mixed() -> None:
    runs = [RUN, replace(RUN, shape=IDLE), replace(RUN, connections=10), replace(RUN, label="poll")]
    assert len(figures(runs)) == 4


@pytest.mark.parametrize(
    ("load", "rate", "doubtful"),
    [(0.5, 50_000.0, False), (0.91, 50_000.0, True), (0.5, 72_001.0, True), (0.9, 72_000.0, False)],
)
def test_a_figure_near_the_load_is_doubtful(load: float, rate: float, doubtful: bool) -> None:
    (figure,) = figures([CEILING_RUN, replace(RUN, load=load, rate=rate)])
    assert figure.ceiling == 80_000.0
    assert figure.doubtful is doubtful
    assert ("*" in text_table([figure], []).split("* the load")[0]) is doubtful


def test_the_ceiling_counts_what_a_whole_core_could_do() -> None:
    (figure,) = figures([replace(CEILING_RUN, load=0.5), RUN])
    assert figure.ceiling == 160_000.0


def test_the_99th_percentile() -> None:
    assert percentile(Sample([float(n) for n in range(100, 0, -1)], 1.0, 0.0), 0.99) == 100.0
    assert percentile(Sample([float(n) for n in range(1000)], 1.0, 0.0), 0.99) == 990.0
    assert percentile(Sample([7.0], 1.0, 0.0), 0.99) == 7.0


# -- under other settings of the allocator --------------------------------------------------------

ASYNCIO = replace(RUN, label="asyncio")


def under_system(cpu: float) -> Run:
    return replace(ASYNCIO, rate=20_000.0, cpu=cpu, allocator="system")


def test_what_the_allocator_changes_is_said_under_the_table() -> None:
    sums = figures([ASYNCIO, under_system(3e-5)])
    for shown in (text_table(sums, []), markdown(sums, [])):
        assert (
            "asyncio with malloc as the system sets it: 20,000 lines/s, 30.0 µs CPU a line in "
            "place of 10.0"
        ) in shown
        assert shown.count("20,000") == 1


@pytest.mark.parametrize("cpu", [0.91e-5, 1.09e-5])
def test_a_difference_within_the_noise_is_not_said(cpu: float) -> None:
    sums = figures([ASYNCIO, under_system(cpu)])
    assert "system sets it" not in text_table(sums, [])
    assert "20,000" not in text_table(sums, [])


def test_who_ran_under_the_system_s_settings_alone_stands_in_the_table() -> None:
    assert "20,000" in text_table(figures([under_system(3e-5)]), [])


def test_the_short_table_has_a_row_for_each_case_and_says_what_the_allocator_changes() -> None:
    runs = [replace(each, connections=1000) for each in (RUN, ASYNCIO, under_system(3e-5))]
    lines = digest(figures(runs)).splitlines()
    assert len({line.count("|") for line in lines[:-2]}) == 1
    assert lines[2] == ("| 1,000 connections, all active | 10.0 | - | - | - | - | 10.0 | - | - |")
    assert lines[-1] == (
        "With malloc as the system sets it: asyncio 30.0 (1,000 connections, all active)."
    )


# -- what is shown --------------------------------------------------------------------------------


def test_who_could_not_do_a_size_stands_there_with_the_reason() -> None:
    sums = figures([RUN, replace(RUN, connections=10)])
    failures = [
        Failure("select", "", 100, "ended at 1,019"),
        Failure("poll", IDLE, 100, "another shape"),
        Failure("forking", "", 9999, "nobody could"),
    ]
    for shown in (text_table(sums, failures), markdown(sums, failures)):
        assert shown.count("ended at 1,019") == 1
        assert "another shape" not in shown
        assert "forking at 9,999: nobody could" in shown


def test_a_table_is_aligned() -> None:
    lines = text_table(figures([RUN, replace(RUN, label="a longer name")]), []).splitlines()
    assert lines[0] == "100 connections, all active"
    assert len({len(line) for line in lines[1:4]}) == 1


def test_markdown_has_as_many_cells_in_each_row() -> None:
    doubtful = replace(RUN, load=0.95)
    rows = [row for row in markdown(figures([doubtful]), []).splitlines() if row.startswith("|")]
    assert len({row.count("|") for row in rows}) == 1
    assert "50,000\\*" in rows[-1]


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.0123, "0.012"), (1.234, "1.23"), (12.34, "12.3"), (1234.5, "1,234"), (-36.0, "-36.0")],
)
def test_three_digits_count(number: float, text: str) -> None:
    assert digits(number) == text


def test_figures_survive_their_file(tmp_path: Path) -> None:
    failure = Failure("select", "", 1, 'a comma, a "quote"')
    files.write(tmp_path / "runs", Run, [RUN])
    files.write(tmp_path / "sums", Figure, figures([RUN]))
    files.write(tmp_path / "failures", Failure, [failure])
    assert files.read(tmp_path / "runs", Run) == [RUN]
    assert files.read(tmp_path / "sums", Figure) == figures([RUN])
    assert files.read(tmp_path / "failures", Failure) == [failure]


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="its columns are others"):
        files.read(path, Run)


def test_a_page_gets_the_figures_of_the_latest_run(tmp_path: Path) -> None:
    begin, end = "<!-- figures: begin; filled by: a command -->", "<!-- figures: end -->"
    text = tmp_path / "page.md"
    text.write_text(f"Before.\n{begin}\nold\n{end}\nAfter.\n")
    out = tmp_path / "out"
    out.mkdir()
    (out / "machine.txt").write_text("a machine\n")
    (out / "cpu.svg").write_text("<svg/>")
    for tables in ("one", "two"):
        page.update(text, out, tables, [])
        assert text.read_text() == (
            f"Before.\n{begin}\n\n```text\na machine\n```\n\n{tables}\n\n{end}\nAfter.\n"
        )
    assert (tmp_path / "img" / "connections-cpu.svg").read_text() == "<svg/>"


def test_a_page_with_room_for_the_short_table_gets_that_and_no_plots(tmp_path: Path) -> None:
    text = tmp_path / "page.md"
    text.write_text("<!-- digest: begin --><!-- digest: end -->")
    (tmp_path / "machine.txt").write_text("a machine\n")
    (tmp_path / "cpu.svg").write_text("<svg/>")
    page.update(text, tmp_path, "all tables", figures([RUN]))
    assert "| 1,000 connections, all active |" in text.read_text()
    assert "a machine" in text.read_text()
    assert "all tables" not in text.read_text()
    assert not (tmp_path / "img").exists()


def test_a_page_without_the_comments_is_left_alone(tmp_path: Path) -> None:
    text = tmp_path / "page.md"
    text.write_text("no comments")
    (tmp_path / "machine.txt").write_text("a machine\n")
    with pytest.raises(ValueError, match="needs <!-- figures: begin -->"):
        page.update(text, tmp_path, "", [])
    assert text.read_text() == "no comments"


@pytest.mark.parametrize(
    ("name", "block"),
    [("README.md", page.DIGEST), ("docs/reference/connections.md", page.FIGURES)],
)
def test_the_pages_have_a_place_for_the_figures(name: str, block: str) -> None:
    assert marks.blocks(ROOT / name) == [block]


def test_progress_is_plain_lines_where_there_is_no_terminal() -> None:
    out, now = io.StringIO(), [0.0]
    progress = Progress(out, 2, lambda: now[0])
    progress.begin(4.0)
    for trial in trials([Case(1000, (IDLE, ACTIVE))], CONTESTANTS[:2], 2):
        progress.show(trial)
        now[0] += 60
        progress.done(1.0)
    progress.end()
    assert out.getvalue().splitlines() == [
        "round 1/2, idle/active at 1,000: 0 %",
        "round 2/2, idle/active at 1,000: 50%, about 2 min left",
    ]


def test_progress_writes_over_its_line_in_a_terminal() -> None:
    out = io.StringIO()
    out.isatty = lambda: True  # type: ignore[method-assign]  # a terminal, as far as is asked
    progress = Progress(out, 1)
    progress.begin(1.0)
    progress.show(Trial(1, Case(1, (ACTIVE,)), FLOOR))
    progress.end()
    assert out.getvalue() == "\r\x1b[Kround 1/1, active at 1, floor: 0 %\r\x1b[K"


def test_durations_are_rough() -> None:
    assert duration(89) == "about 89 s"
    assert duration(100) == "about 2 min"


@pytest.mark.skipif(not plots.available(), reason="matplotlib is not installed")
def test_plots_are_drawn_of_what_there_is(tmp_path: Path) -> None:
    runs = [replace(RUN, connections=size, shape=s) for size in (1, 10) for s in (ACTIVE, IDLE)]
    assert plots.draw(tmp_path, figures(runs)) == ["throughput", "latency", "cpu", "memory"]
    svg = (tmp_path / "throughput.svg").read_text()
    assert "epoll" in svg
    plots.draw(tmp_path, figures(runs))
    assert (tmp_path / "throughput.svg").read_text() == svg


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_labels_keep_apart_in_order_and_inside(heights: list[float]) -> None:
    placed = apart(heights, 0.05)
    order = sorted(range(len(heights)), key=lambda index: heights[index])
    steps = [placed[b] - placed[a] for a, b in pairwise(order)]
    assert all(step >= 0.05 - 1e-9 for step in steps)
    assert min(placed) >= -1e-9
    assert max(placed) <= 1 + 1e-9


def test_labels_with_room_stay_where_they_are() -> None:
    assert apart([0.9, 0.1, 0.5], 0.1) == [0.9, 0.1, 0.5]


# -- what the system says -------------------------------------------------------------------------


@pytest.mark.needs("sysconf")
def test_a_process_may_be_called_anything() -> None:
    rest = "S 7 1 1 0 -1 0 0 0 0 0 10 20 100 50 20 0 3 0 99"
    process = parse_stat(f"42 (a) R 1 (b) {rest}\n")
    assert (process.pid, process.parent, process.threads) == (42, 7, 3)
    assert process.reaped == pytest.approx(1.5)


def test_memory_is_in_bytes() -> None:
    head = "00400000-7fff ---p 00000000 00:00 0 [rollup]\n"
    text = f"{head}Rss:  2048 kB\nPss:   512 kB\nPss_Anon: 1 kB\n"
    assert parse_rollup(text) == Memory(512 * 1024, 2048 * 1024)
    assert parse_rollup("") == Memory(0, 0)
