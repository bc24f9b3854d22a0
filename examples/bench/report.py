"""Showing the scores: an aligned table for people, a CSV file for programs."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from .stats import Quartiles, Result, Score, Size

HEADINGS = (
    "",
    "messages/s",
    "per CPU s",
    "busy",
    "load idle",
    "ours/theirs, rate",
    "ours/theirs, CPU",
    "goal",
    "reached",
)
COLUMNS = [
    "workload",
    "contestant",
    "rate",
    "per_cpu",
    "busy",
    "load_idle",
    "rate_ratio",
    "rate_low",
    "rate_high",
    "cpu_ratio",
    "cpu_low",
    "cpu_high",
    "goal",
    "cpu_goal",
    "reached",
]
MARK = "*"  # behind a rate that may be the load's
BUSY_ENOUGH = 0.9  # less than this share of a core, and the rate is not the server's alone


def table(title: str, scores: Sequence[Score]) -> str:
    """Return one workload's table, ready to print."""
    rows = [HEADINGS, *(cells(score) for score in scores)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    return "\n".join([title, *("  " + align(row, widths) for row in rows)])


def align(row: Sequence[str], widths: Sequence[int]) -> str:
    """Return one line: the label to the left, the figures to the right."""
    cells = [row[0].ljust(widths[0])]
    cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
    return "  ".join(cells).rstrip()


def cells(score: Score) -> tuple[str, ...]:
    """Return one contestant's row."""
    return (
        score.label,
        f"{score.rate:,.0f}{MARK if score.doubtful else ''}",
        "-" if score.per_cpu is None else f"{score.per_cpu:,.0f}",
        "-" if score.busy is None else f"{score.busy:.2f}",
        "-" if score.idle is None else f"{score.idle:.2f}",
        spread(score.rate_ratio),
        spread(score.cpu_ratio),
        score.wanted,
        score.verdict,
    )


def spread(ratio: Quartiles | None) -> str:
    """Return a median with its quartiles: `0.98 [0.97 0.99]`."""
    return "" if ratio is None else f"{ratio.median:.2f} [{ratio.low:.2f} {ratio.high:.2f}]"


def warnings(scores: Iterable[Score]) -> list[str]:
    """Return a sentence for each contestant whose rate is not its own alone."""
    found = ((score, reason(score)) for score in scores)
    return [f"  ! {score.label}: {why}" for score, why in found if why]


def reason(score: Score) -> str | None:
    """Say what kept a server from being busy: another program, or the load."""
    if score.preempted is not None and score.preempted > 1 - BUSY_ENOUGH:
        return (
            f"for {score.preempted:.2f} of the time another program had its core or the load's: "
            "measure again on a quiet machine"
        )
    if score.doubtful:
        return (
            f"{MARK} the load was the bottleneck, it waited for {score.idle:.2f} of the time: "
            "trust the CPU ratio, not the rate"
        )
    if score.busy is not None and score.busy < BUSY_ENOUGH:
        return f"busy only {score.busy:.2f} of the time: trust the CPU ratio, not the rate"
    return None


def ceiling(capacity: float | None) -> str:
    """Say what the load can do at most, and how that is known."""
    if capacity is None:
        return "  ! ceiling of the load: not known, it needs a compiler"
    return f"  ceiling of the load: {capacity:,.0f} messages/s, beside a server in C"


def csv_rows(result: Result) -> list[dict[str, object]]:
    """Return a workload's scores as rows of the CSV file."""
    rows: list[dict[str, object]] = [
        {
            "workload": result.name,
            "contestant": score.label,
            "rate": score.rate,
            "per_cpu": score.per_cpu,
            "busy": score.busy,
            "load_idle": score.idle,
            **columns_of("rate", score.rate_ratio),
            **columns_of("cpu", score.cpu_ratio),
            "goal": score.goal,
            "cpu_goal": score.cpu_goal,
            "reached": score.verdict,
        }
        for score in result.scores
    ]
    limit: dict[str, object] = {
        "workload": result.name,
        "contestant": "ceiling",
        "rate": result.capacity,
    }
    return rows if result.capacity is None else [*rows, limit]


def memory_rows(sizes: Iterable[Size]) -> list[dict[str, object]]:
    """Return the memory of an idle AsyncChat as rows of the CSV file: bytes in place of a rate."""
    return [
        {"workload": "memory", "contestant": size.by, "rate": size.bytes, "goal": size.goal}
        for size in sizes
    ]


def columns_of(name: str, ratio: Quartiles | None) -> dict[str, object]:
    """Return the three columns of one ratio."""
    if ratio is None:
        return {}
    return {f"{name}_ratio": ratio.median, f"{name}_low": ratio.low, f"{name}_high": ratio.high}


def write_csv(path: Path, rows: Iterable[dict[str, object]]) -> None:
    """Write all rows to a file."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
