"""The short table of the README: a few servers, a few cases, the figures that say most."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .figures import Figure, differing, main_ones
from .plan import ACTIVE, BURST_CONNECTIONS, BURST_LINES, BURSTS, IDLE
from .table import digits

COLUMNS = {
    "epoll": "epoll by hand",
    "uvloop": "uvloop",
    "dispatcher": "`Dispatcher`",
    "chat": "`AsyncChat`",
    "compat": "compat",
    "asyncio": "asyncio",
    "twisted": "Twisted",
    "threading": "threads",
}


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes:
        title: What it is about.
        shape: Of which shape.
        connections: At how many connections.
        value: What is shown of a figure.
    """

    title: str
    shape: str
    connections: int
    value: Callable[[Figure], float]


def microseconds(figure: Figure) -> float:
    """Return the server's CPU time for a line."""
    return figure.cpu * 1e6


def kibibytes(figure: Figure) -> float:
    """Return what a connection takes."""
    return figure.each / 2**10


ROWS = (
    Row("1,000 connections, all active", ACTIVE, 1_000, microseconds),
    Row("one active among 1,000", IDLE, 1_000, microseconds),
    Row("one active among 5,000", IDLE, 5_000, microseconds),
    Row(f"bursts of {BURST_LINES} lines", BURSTS, BURST_CONNECTIONS, microseconds),
    Row("KiB that a connection takes, at 5,000", IDLE, 5_000, kibibytes),
)


def digest(figures: Sequence[Figure]) -> str:
    """Return the table in Markdown, and what the system's own allocator settings change in it."""
    main = {(each.label, each.shape, each.connections): each for each in main_ones(figures)}
    lines = ["| | " + " | ".join(COLUMNS.values()) + " |", "|---|" + "---|" * len(COLUMNS)]
    for row in ROWS:
        found = [main.get((label, row.shape, row.connections)) for label in COLUMNS]
        cells = ["-" if figure is None else digits(row.value(figure)) for figure in found]
        lines.append(f"| {row.title} | " + " | ".join(cells) + " |")
    changed = [
        change for row in ROWS if row.value is microseconds for change in changes(row, figures)
    ]
    if changed:
        lines.append(f"\nWith malloc as the system sets it: {'; '.join(changed)}.")
    return "\n".join(lines)


def changes(row: Row, figures: Sequence[Figure]) -> list[str]:
    """Return what the system's own settings change in a row."""
    return [
        f"{COLUMNS[system.label]} {digits(row.value(system))} ({row.title})"
        for raised, system in differing(figures)
        if system.label in COLUMNS
        and (raised.shape, raised.connections) == (row.shape, row.connections)
    ]
