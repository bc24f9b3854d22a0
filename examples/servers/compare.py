"""Measure the servers of this directory beside each other: `python3 -m examples.servers.compare`.

It prints a table, and writes it as Markdown, the figures as CSV and plots as SVG and PNG. How it is
measured, and what the figures can tell and cannot: examples/servers/lab/__init__.py.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from examples.bench.allocator import Allocator
from examples.bench.loops import Loops, choose
from examples.bench.machine import choose_cores, descriptors_short_of, pinned
from examples.bench.setting import Setting, description

from .common import IN_THE_LAB
from .lab import files, options, page, plots, store
from .lab.contestants import chosen
from .lab.figures import Figure, figures
from .lab.plan import cases, trials
from .lab.progress import Progress
from .lab.rounds import Results, run_all
from .lab.table import markdown, text_table
from .lab.trial import Failure, Settings

INTERRUPTED = 130  # what a shell reports for a program that Ctrl-C ended


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, or draw again what was measured; return the exit status."""
    wanted = options.parse_arguments(argv)
    if wanted.redraw:
        return redraw(wanted.out, wanted.page or [])
    check(wanted)
    cores = choose_cores()
    loops, about = introduce(wanted, cores)
    results = Results()
    if measure(wanted, cores, loops, results):
        finish(wanted.out, about, options.scope(wanted), results)
        return 0
    if results.runs:
        finish(store.interrupted(wanted.out), about, "a part (interrupted)", results)
    return INTERRUPTED


def check(wanted: argparse.Namespace) -> None:
    """Find out what would fail before anything is measured.

    Raises:
        SystemExit: with a sentence.
    """
    if sys.platform != "linux":
        sys.exit("compare: needs Linux: it reads /proc and waits with epoll.")
    if reason := descriptors_short_of(max(wanted.connections)):
        sys.exit(f"compare: {reason}, or leave out the largest --connections.")
    for out in (wanted.out, store.interrupted(wanted.out)):
        try:
            store.check(out)
        except (OSError, ValueError) as error:
            sys.exit(f"compare: cannot write to {out}: {reason_of(error)}.")


def reason_of(error: Exception) -> str:
    """Say what went wrong, without the numbers and names of the system's own message."""
    return (isinstance(error, OSError) and error.strerror) or str(error)


def introduce(wanted: argparse.Namespace, cores: tuple[int, int] | None) -> tuple[Loops, str]:
    """Say on what and how is measured; return it, and what the load sends and receives with.

    Raises:
        SystemExit: with a sentence, if a load is wanted that cannot be had.
    """
    try:
        loops, why = choose(spin=cores is not None, wanted=wanted.load)
    except RuntimeError as error:
        sys.exit(f"compare: {error}.")
    system = wanted.allocator == Allocator.SYSTEM
    allocator = Allocator.SYSTEM if system else Allocator.RAISED
    about = description(Setting(cores, wanted.rounds, wanted.seconds, loops.name, allocator))
    print(about)
    if why:
        print(f"{why}. It may be slower than the servers: such rates have an asterisk.")
    print(flush=True)
    return loops, about


def measure(
    wanted: argparse.Namespace,
    cores: tuple[int, int] | None,
    loops: Loops,
    results: Results,
) -> bool:
    """Make all trials; return whether they were all made, and not interrupted."""
    server_core, load_core = cores or (None, None)
    settings = Settings(seconds=wanted.seconds, loops=loops, server_core=server_core)
    servers = chosen(wanted.only, wanted.allocator)
    plan = list(trials(cases(wanted.connections), servers, wanted.rounds))
    try:
        with pinned(load_core):
            run_all(plan, settings, Progress(sys.stdout, wanted.rounds), results)
    except KeyboardInterrupt:
        so_far = "this is what was measured so far" if results.runs else "nothing was measured yet"
        print(f"\nInterrupted: {so_far}.\n", flush=True)
        return False
    return True


def finish(out: Path, about: str, scope: str, results: Results) -> None:
    """Print the table and write everything; the table first, should writing fail."""
    sums = figures(results.runs)
    print(text_table(sums, results.failures), flush=True)
    try:
        store.write(out, about, scope, results)
    except (OSError, ValueError) as error:
        sys.exit(f"compare: cannot write to {out}: {reason_of(error)}.")
    draw(out, sums)


def redraw(out: Path, into: Sequence[Path]) -> int:
    """Show again what stands in the files of an earlier run, and put it into pages."""
    if into:
        check_page(out)
    try:
        sums = files.read(out / files.SUMS, Figure)
        failures = files.read(out / files.FAILURES, Failure)
        print(text_table(sums, failures))
        store.write_tables(out, sums, failures)
    except (OSError, ValueError) as error:
        sys.exit(f"compare: nothing to draw from: {error}")
    draw(out, sums)
    for each in into:
        try:
            page.update(each, out, markdown(sums, failures), sums)
        except (OSError, ValueError) as error:
            sys.exit(f"compare: {error}")
    return 0


def check_page(out: Path) -> None:
    """Make sure that a page gets the whole of one run: all figures, and the pictures to them.

    Raises:
        SystemExit: with a sentence.
    """
    if (out / files.SUMS).exists() and (scope := store.scope(out)) != store.COMPLETE:
        sys.exit(f"compare: a page gets complete runs only, and {out} is {scope}.")
    if not plots.available():
        sys.exit("compare: a page needs its plots, and matplotlib is not installed.")


def draw(out: Path, sums: Sequence[Figure]) -> None:
    """Draw the plots, and say where everything is."""
    print(f"\nTables in Markdown, figures as CSV: {out}{os.sep}", flush=True)
    if plots.available():
        names = plots.draw(out, sums)
        print(f"Plots, as .svg and .png: {', '.join(names)}")
    else:
        print(f"No plots: matplotlib is not installed ({IN_THE_LAB}, then --redraw).")


def end_politely(number: int, frame: object) -> None:
    """Unwind all `with` blocks, which end the servers."""
    sys.exit(128 + number)


if __name__ == "__main__":
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):  # elsewhere it ends with a sentence
            signal.signal(getattr(signal, name), end_politely)
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # while the figures were written or drawn
        sys.exit(INTERRUPTED)
