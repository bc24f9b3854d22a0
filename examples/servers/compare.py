"""Measure the servers of this directory beside each other: `python -m examples.servers.compare`.

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

from examples.bench.__main__ import positive_float, positive_int
from examples.bench.machine import choose_cores, descriptors_short_of, pinned

from .lab import files, page, plots
from .lab.contestants import CONTESTANTS, chosen
from .lab.figures import Figure, figures
from .lab.machine import description
from .lab.plan import SIZES, Case, cases, trials
from .lab.progress import Progress
from .lab.rounds import Results, run_all
from .lab.table import markdown, text_table
from .lab.trial import Failure, Run, Settings

OUT = Path("build/compare")
TABLE = "tables.md"
USUAL, QUICK = (5, 0.5), (1, 0.12)  # rounds, and seconds of a run
INTERRUPTED = 130  # what a shell reports for a program that Ctrl-C ended


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, or draw again what was measured; return the exit status."""
    options = parse_arguments(argv)
    if options.redraw:
        return redraw(options.out, options.page)
    if sys.platform != "linux":
        sys.exit("compare: needs Linux: it reads /proc and waits with epoll.")
    if reason := descriptors_short_of(max(options.connections)):
        sys.exit(f"compare: {reason}, or leave out the largest --connections.")
    options.out.mkdir(parents=True, exist_ok=True)
    results = Results()
    status = measure(options, results)
    sums = figures(results.runs)
    files.write(options.out / files.RUNS, Run, results.runs)
    files.write(options.out / files.FAILURES, Failure, results.failures)
    files.write(options.out / files.SUMS, Figure, sums)
    if sums:
        print(text_table(sums, results.failures))
        show(options.out, sums, results.failures)
    return status


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the options, with --quick already applied."""
    parser = argparse.ArgumentParser(
        prog="python -m examples.servers.compare",
        description="Measure the article's servers beside each other, under the same load.",
    )
    labels = [each.label for each in CONTESTANTS]
    parser.add_argument(
        "--only",
        action="append",
        choices=labels,
        metavar="SERVER",
        help="may be repeated: %(choices)s",
    )
    parser.add_argument(
        "--connections", action="append", type=positive_int, metavar="N", help="may be repeated"
    )
    parser.add_argument("--rounds", type=positive_int, help=f"interleaved rounds ({USUAL[0]})")
    parser.add_argument("--seconds", type=positive_float, help=f"length of a run ({USUAL[1]})")
    parser.add_argument("--quick", action="store_true", help="a minute, up to 1,000 connections")
    parser.add_argument(
        "--out", type=Path, default=OUT, metavar="DIR", help="where to write (%(default)s)"
    )
    parser.add_argument(
        "--redraw", action="store_true", help="measure nothing: table and plots from DIR's figures"
    )
    parser.add_argument(
        "--page", type=Path, metavar="FILE", help="with --redraw: a Markdown page that gets them"
    )
    options = parser.parse_args(argv)
    if options.page and not options.redraw:
        parser.error("--page goes with --redraw: look at the figures before they go into a page")
    rounds, seconds = QUICK if options.quick else USUAL
    options.rounds = options.rounds or rounds
    options.seconds = options.seconds or seconds
    options.connections = sorted(
        set(options.connections or (SIZES[:-1] if options.quick else SIZES))
    )
    return options


def measure(options: argparse.Namespace, results: Results) -> int:
    """Make all trials; return the exit status, not 0 if they were interrupted."""
    cores = choose_cores()
    server_core, load_core = cores or (None, None)
    settings = Settings(seconds=options.seconds, server_core=server_core)
    plan: list[Case] = cases(options.connections)
    about = description(cores, options.rounds, options.seconds)
    (options.out / "machine.txt").write_text(about + "\n", encoding="utf-8")
    print(about, end="\n\n", flush=True)
    try:
        with pinned(load_core):
            run_all(
                list(trials(plan, chosen(options.only), options.rounds)),
                settings,
                Progress(sys.stdout, options.rounds),
                results,
            )
    except KeyboardInterrupt:
        print("\nInterrupted: this is what was measured so far.\n", flush=True)
        return INTERRUPTED
    return 0


def redraw(out: Path, into: Path | None) -> int:
    """Show again what stands in the files of an earlier run, and put it into a page."""
    try:
        sums = files.read(out / files.SUMS, Figure)
        failures = files.read(out / files.FAILURES, Failure)
    except (OSError, ValueError) as error:
        sys.exit(f"compare: nothing to draw from: {error}")
    print(text_table(sums, failures))
    show(out, sums, failures)
    if into:
        try:
            page.update(into, out, markdown(sums, failures))
        except (OSError, ValueError) as error:
            sys.exit(f"compare: {error}")
    return 0


def show(out: Path, sums: Sequence[Figure], failures: Sequence[Failure]) -> None:
    """Write the tables in Markdown and the plots, and say where."""
    (out / TABLE).write_text(markdown(sums, failures) + "\n", encoding="utf-8")
    print(f"\nTables in Markdown, figures as CSV: {out}{os.sep}")
    if plots.available():
        names = plots.draw(out, sums)
        print(f"Plots, as .svg and .png: {', '.join(names)}")
    else:
        print("No plots: matplotlib is not installed (pip install -e '.[lab]', then --redraw).")


def end_politely(number: int, frame: object) -> None:
    """Unwind all `with` blocks, which end the servers."""
    sys.exit(128 + number)


if __name__ == "__main__":
    for signal_number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(signal_number, end_politely)
    sys.exit(main())
