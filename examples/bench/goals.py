"""Which goals were reached, and by how much the others were missed."""

from __future__ import annotations

from collections.abc import Sequence

from .report import MARK, align
from .stats import Quartiles, Result, Score, Size

SMALLEST = 0.001  # share that is shown
HEADINGS = ("goals", "against", "goal", "by rate", "by CPU time")


def summary(results: Sequence[Result], sizes: Sequence[Size]) -> str:
    """Return a table of all goals, ready to print."""
    rows = [HEADINGS, *(row for result in results for row in goals_of(result))]
    rows += [
        ("memory", size.by, f"{size.goal:,.0f} bytes", "", at_most(size.bytes, size.goal))
        for size in sizes
        if size.goal is not None
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = ["  " + align(row, widths) for row in rows]
    if any(MARK in row[3] for row in rows):
        lines.append(f"  {MARK} the load was the bottleneck")
    return "\n".join(lines)


def goals_of(result: Result) -> list[tuple[str, ...]]:
    """Return a row for each goal of a workload."""
    return [
        (
            result.name,
            score.label,
            score.wanted,
            at_least(score.rate_ratio, score.goal) + mark(result, score),
            at_least(score.cpu_ratio, score.cpu_goal or score.goal),
        )
        for score in result.scores
        if score.goal is not None
    ]


def mark(result: Result, score: Score) -> str:
    """Return the mark if one of the two rates may be the load's."""
    return MARK if score.doubtful or result.scores[0].doubtful else ""


def at_least(ratio: Quartiles | None, goal: float) -> str:
    """Say whether a ratio reached its goal: `0.99 reached`, `0.94 short by 4.1%`."""
    if ratio is None:
        return "not known"
    short = 1 - ratio.median / goal
    return f"{ratio.median:.2f} " + (f"short by {by(short)}" if short > 0 else "reached")


def at_most(size: float, goal: float) -> str:
    """Say whether a size in bytes is within its goal."""
    return f"{size:,.0f} " + (f"over by {by(size / goal - 1)}" if size > goal else "reached")


def by(share: float) -> str:
    """Return a share above 0 in per cent; what rounds to none is not shown as none."""
    return f"{max(share, SMALLEST):.1%}"
