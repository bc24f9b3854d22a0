"""The tables: for the terminal, and the same in Markdown for a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .contestants import CEILING, CONTESTANTS
from .figures import Figure, applies, differing, main_ones
from .plan import ACTIVE, BURST_LINES, BURSTS, IDLE
from .trial import Failure

HEADINGS = (
    "server",
    "lines/s",
    "±",
    "median ms",
    "p99 ms",
    "CPU µs/line",
    "server busy",
    "load busy",
    "MiB",
    "KiB each",
    "processes",
    "threads",
)
MARK = "*"
LABELS = {each.label for each in CONTESTANTS}
EXPLANATION = (
    f"{MARK} the load was busy for more than 90 % of the time, or came within 10 % of its ceiling: "
    "the rate may be the load's. Trust the CPU time.\n"
    "± half the distance between the quartiles of the rounds. ms: a message's way there and back; "
    "of a burst, until its last line.\n"
    "MiB: proportional set size of all processes. KiB each: what of it a connection brought. "
    "floor: an echo with nothing in it."
)


def blocks(
    figures: Sequence[Figure], failures: Sequence[Failure]
) -> Iterator[tuple[str, list[Figure], list[Failure]]]:
    """Yield each case's title, its figures and the failures that belong there."""
    figures = main_ones(figures)
    places = list(dict.fromkeys((figure.shape, figure.connections) for figure in figures))
    for shape, connections in sorted(places, key=lambda place: (place[0] == BURSTS, *place)):
        here = [each for each in figures if (each.shape, each.connections) == (shape, connections)]
        seen = {figure.label for figure in here}
        gaps = [each for each in failures if applies(each, shape, connections)]
        yield title(here[0]), here, [gap for gap in gaps if gap.label not in seen]


def title(figure: Figure) -> str:
    """Say what a block is about."""
    count = f"{figure.connections:,} connection{'s' if figure.connections > 1 else ''}"
    return {
        ACTIVE: f"{count}, all active" if figure.connections > 1 else f"{count}, active",
        IDLE: f"{count}, one active, the others silent",
        BURSTS: f"{count}, bursts of {BURST_LINES} lines",
    }[figure.shape]


def cells(figure: Figure) -> tuple[str, ...]:
    """Return a server's row."""
    return (
        figure.label,
        f"{figure.rate:,.0f}{MARK if figure.doubtful else ''}",
        f"{figure.spread:.0%}" if figure.rounds > 1 else "-",
        digits(figure.median * 1e3),
        digits(figure.p99 * 1e3),
        digits(figure.cpu * 1e6),
        f"{figure.busy:.0%}",
        f"{figure.load:.0%}",
        digits(figure.memory / 2**20),
        digits(figure.each / 2**10),
        f"{figure.processes:,.0f}",
        f"{figure.threads:,.0f}",
    )


def digits(number: float) -> str:
    """Return a number with three digits that count, or all of its whole part."""
    decimals = 3 if abs(number) < 1 else 2 if abs(number) < 10 else 1 if abs(number) < 100 else 0
    return f"{number:,.{decimals}f}"


def ceiling(figures: Sequence[Figure]) -> str:
    """Say what the load could do at most."""
    limit = figures[0].ceiling
    return f"{CEILING.label} of the load: {limit:,.0f} lines/s" if limit else ""


def other_allocator(figures: Sequence[Figure], here: Sequence[Figure]) -> list[str]:
    """Say, for a case, which figures the system's own allocator settings change, and to what."""
    cases = {(each.shape, each.connections) for each in here}
    return [
        f"{system.label} with malloc as the system sets it: {system.rate:,.0f} lines/s"
        f"{MARK if system.doubtful else ''}, {digits(system.cpu * 1e6)} µs CPU a line in place of "
        f"{digits(raised.cpu * 1e6)}"
        for raised, system in differing(figures)
        if (raised.shape, raised.connections) in cases
    ]


def text_table(figures: Sequence[Figure], failures: Sequence[Failure]) -> str:
    """Return all tables, ready to print."""
    parts = []
    for heading, here, gaps in blocks(figures, failures):
        rows = [HEADINGS, *(cells(figure) for figure in here)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
        lines = ["  " + align(row, widths) for row in rows]
        lines += [f"  {gap.label.ljust(widths[0])}  {gap.reason}" for gap in gaps]
        notes = [*other_allocator(figures, here), ceiling(here)]
        lines += [f"  ({note})" for note in notes if note]
        parts.append("\n".join([heading, *lines]))
    return "\n\n".join([*parts, *alone(figures, failures), EXPLANATION])


def align(row: Sequence[str], widths: Sequence[int]) -> str:
    """Return one line: the label to the left, the figures to the right."""
    cells = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
    return "  ".join([row[0].ljust(widths[0]), *cells])


def alone(figures: Sequence[Figure], failures: Sequence[Failure]) -> list[str]:
    """Return the failures at sizes that no server could do, which have no table."""
    sizes = {figure.connections for figure in figures}
    rest = [failure for failure in failures if failure.connections not in sizes]
    return ["\n".join(f"{each.label} at {each.connections:,}: {each.reason}" for each in rest)] * (
        1 if rest else 0
    )


def markdown(figures: Sequence[Figure], failures: Sequence[Failure]) -> str:
    """Return all tables in Markdown."""
    parts = []
    for heading, here, gaps in blocks(figures, failures):
        lines = [f"## {heading[0].upper()}{heading[1:]}", "", markdown_row(HEADINGS)]
        lines.append("|---|" + "---:|" * (len(HEADINGS) - 1))
        lines += [markdown_row(cells(figure)) for figure in here]
        lines += [f"\n{gap.label}: {gap.reason}." for gap in gaps]
        notes = [*other_allocator(figures, here), ceiling(here)]
        lines += [f"\n{sentence(note)}" for note in notes if note]
        parts.append("\n".join(lines))
    return "\n\n".join([*parts, *alone(figures, failures)])


def sentence(note: str) -> str:
    """Return a note as a sentence; a label in front keeps its small letter."""
    first = note if note.split()[0] in LABELS else note[0].upper() + note[1:]
    return first.replace(MARK, "\\" + MARK) + "."


def markdown_row(row: Sequence[str]) -> str:
    """Return a row; the mark is escaped, or a pair of them would become italics."""
    return "| " + " | ".join(cell.replace(MARK, "\\" + MARK) for cell in row) + " |"
