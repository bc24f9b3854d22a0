"""The figures as tables in Markdown, for the blocks of docs/reference/benchmarks.md."""

from __future__ import annotations

from collections.abc import Sequence

from .goals import at_least, mark
from .stats import Quartiles, Result, Score, Size

OLD = "old-"  # how the workloads of asyncore's programs are called
NATIVE, ASYNCORE = "native", "asyncore"  # the blocks
HEADINGS = ("workload", "against", "goal", "by rate", "by CPU time", "load waited")


def bodies(about: str, results: Sequence[Result], sizes: Sequence[Size]) -> dict[str, str]:
    """Return what goes into each block; `about` says on what and how it was measured."""
    native = [result for result in results if not result.name.startswith(OLD)]
    old = [result for result in results if result.name.startswith(OLD)]
    quoted = f"```text\n{about}\n```"
    bytes_of_a_chat = "; ".join(
        f"{size.bytes:,.0f} by {size.by}" + (f" (goal: at most {size.goal:,})" if size.goal else "")
        for size in sizes
    )
    return {
        NATIVE: f"{quoted}\n\n{table(native)}\n\nBytes of an idle `AsyncChat`: {bytes_of_a_chat}.",
        ASYNCORE: f"{quoted}\n\n{table(old)}",
    }


def table(results: Sequence[Result]) -> str:
    """Return one table; a workload's title stands in its first row only."""
    lines = [row(HEADINGS), "|---|---|" + "---:|" * (len(HEADINGS) - 2)]
    for result in results:
        title = f"`{result.name}`: {result.title}"
        for score in result.scores:
            if score.rate_ratio is not None:
                lines.append(row((title, *cells(result, score))))
                title = ""
    return "\n".join(lines)


def row(cells: Sequence[str]) -> str:
    """Return a row; the mark is escaped, or a pair of them would become italics."""
    return "| " + " | ".join(cell.replace("*", "\\*") for cell in cells) + " |"


def cells(result: Result, score: Score) -> tuple[str, ...]:
    """Return one contestant's cells."""
    idle = [each.idle for each in (result.scores[0], score) if each.idle is not None]
    return (
        score.label,
        score.wanted,
        ratio(score.rate_ratio, score.goal) + mark(result, score),
        ratio(score.cpu_ratio, score.cpu_goal),
        f"{min(idle):.0%}" if idle else "",
    )


def ratio(found: Quartiles | None, goal: float | None) -> str:
    """Return a ratio, and how far it is from its goal if it is short of it."""
    if found is None:
        return ""
    text = f"{found.median:.2f}"
    return text if goal is None or found.median >= goal else at_least(found, goal)
