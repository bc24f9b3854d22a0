"""Showing the scores: an aligned table for people, a CSV file for programs."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from .stats import Quartiles, Score

HEADINGS = (
    "",
    "messages/s",
    "per CPU s",
    "busy",
    "ours/theirs, rate",
    "ours/theirs, CPU",
    "target",
    "reached",
)
COLUMNS = [
    "workload",
    "contestant",
    "rate",
    "per_cpu",
    "busy",
    "rate_ratio",
    "rate_low",
    "rate_high",
    "cpu_ratio",
    "cpu_low",
    "cpu_high",
    "target",
    "reached",
]
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
        f"{score.rate:,.0f}",
        "-" if score.per_cpu is None else f"{score.per_cpu:,.0f}",
        "-" if score.busy is None else f"{score.busy:.2f}",
        spread(score.rate_ratio),
        spread(score.cpu_ratio),
        "" if score.target is None else f"{score.target:.2f}",
        score.verdict,
    )


def spread(ratio: Quartiles | None) -> str:
    """Return a median with its quartiles: `0.98 [0.97 0.99]`."""
    return "" if ratio is None else f"{ratio.median:.2f} [{ratio.low:.2f} {ratio.high:.2f}]"


def warnings(scores: Iterable[Score]) -> list[str]:
    """Return a sentence for each contestant that did not have, or not use, its whole core."""
    return [
        f"  ! {score.label}: busy only {score.busy:.2f} of the time, {reason(score)}"
        for score in scores
        if score.busy is not None and score.busy < BUSY_ENOUGH
    ]


def reason(score: Score) -> str:
    """Say who kept a server from being busy: another program, or our own load."""
    if score.waited is not None and score.waited > 1 - BUSY_ENOUGH:
        return (
            f"and for {score.waited:.2f} another program had its core or the load's: "
            "measure again on a quiet machine"
        )
    return "the load was slower than the server: trust the CPU ratio, not the rate"


def csv_rows(workload: str, scores: Iterable[Score]) -> list[dict[str, object]]:
    """Return a workload's scores as rows of the CSV file."""
    return [
        {
            "workload": workload,
            "contestant": score.label,
            "rate": score.rate,
            "per_cpu": score.per_cpu,
            "busy": score.busy,
            **columns_of("rate", score.rate_ratio),
            **columns_of("cpu", score.cpu_ratio),
            "target": score.target,
            "reached": score.verdict,
        }
        for score in scores
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
