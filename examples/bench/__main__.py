"""The benchmark as a program: `python3 -m examples.bench [--quick] [--only WORKLOAD]`."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from . import marks, page
from .allocator import Allocator
from .goals import summary
from .lineup import available
from .loops import choose
from .machine import choose_cores, descriptors_short_of, pinned
from .measure import Settings, measure
from .memory import SOCKETS, beyond_the_socket
from .options import MEMORY, parse_arguments
from .plan import CEILING, IDLE_CHAT, WORKLOADS, Contestant, Workload
from .report import ceiling, csv_rows, memory_rows, table, warnings, write_csv
from .servers import why_missing
from .setting import Setting, description
from .stats import Result, Run, Score, Size, capacity, score


def main(argv: Sequence[str] | None = None) -> None:
    """Measure what the command line asks for and print it."""
    options = parse_arguments(argv)
    if options.csv:
        check_csv(options.csv)
    if options.page:
        check_page(options.page)
    cores = choose_cores()
    server_core, load_core = cores or (None, None)
    try:
        loops, why = choose(spin=cores is not None, wanted=options.load)
    except RuntimeError as error:
        sys.exit(f"bench: {error}.")
    settings = Settings(options.rounds, options.seconds, server_core, loops)
    about = introduce(options, cores, loops.name, why)
    with pinned(load_core):
        results = [
            result
            for workload in chosen(options)
            if (result := report(workload, settings, options)) is not None
        ]
    sizes = report_memory(options.goals) if not options.only or MEMORY in options.only else []
    print(summary(results, sizes), flush=True)
    if options.csv:
        rows = [row for result in results for row in csv_rows(result)]
        write_csv(options.csv, [*rows, *memory_rows(sizes)])
    if options.page:
        marks.fill(options.page, page.bodies(about, results, sizes))


def check_csv(path: Path) -> None:
    """Find out before measuring whether the figures can be written; keep what the file has.

    Raises:
        SystemExit: with a sentence.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("a").close()
    except OSError as error:
        sys.exit(f"bench: cannot write to {path}: {error.strerror}.")


def check_page(path: Path) -> None:
    """Find out before measuring whether a page can be filled.

    Raises:
        SystemExit: with a sentence.
    """
    try:
        found = marks.blocks(path)
    except (OSError, ValueError) as error:
        sys.exit(f"bench: {error}")
    if lacking := {page.NATIVE, page.ASYNCORE} - set(found):
        sys.exit(f"bench: {path}: needs <!-- {min(lacking)}: begin --> and its end")
    if reason := why_missing(CEILING.server):
        sys.exit(f"bench: a page needs the compiled load: {reason}")


def introduce(
    options: argparse.Namespace, cores: tuple[int, int] | None, load: str, why: str | None
) -> str:
    """Say on what and how is measured; return it."""
    system = options.allocator == Allocator.SYSTEM
    allocator = Allocator.SYSTEM if system else Allocator.RAISED
    about = description(Setting(cores, options.rounds, options.seconds, load, allocator))
    print(about)
    if why:
        print(f"  ! {why}. It may be slower than the servers: such rates have an asterisk.")
    print(flush=True)
    return about


def chosen(options: argparse.Namespace) -> list[Workload]:
    """Return the workloads to measure; with --goals, only those peers that have one."""
    wanted = [each for each in WORKLOADS if not options.only or each.name in options.only]
    return [with_goals(each) for each in wanted] if options.goals else wanted


def with_goals(workload: Workload) -> Workload:
    """Return a workload without the peers that have no goal."""
    ours, *peers = workload.contestants
    kept = (ours, *(peer for peer in peers if peer.goal is not None))
    return replace(workload, contestants=kept)


def report(workload: Workload, settings: Settings, options: argparse.Namespace) -> Result | None:
    """Measure one workload; print its table unless the goals alone are wanted."""
    contestants = available(workload, options.allocator)
    if not contestants:
        return None
    calibrated = workload.saturating and why_missing(CEILING.server) is None
    runs = measure(workload, [*contestants, *([CEILING] if calibrated else [])], settings)
    limit = capacity(runs.pop()) if calibrated else None
    result = Result(workload.name, workload.title, scores(contestants, runs), limit)
    if not options.goals:
        show(result, workload.saturating)
    return result


def scores(contestants: Sequence[Contestant], runs: Sequence[Sequence[Run]]) -> list[Score]:
    """Compare each contestant with ours under the same allocator settings."""
    ours: dict[Allocator, Sequence[Run]] = {}
    for contestant, own in zip(contestants, runs, strict=True):
        ours.setdefault(contestant.allocator, own)
    return [
        score(
            contestant.label,
            contestant.goal,
            own,
            ours[contestant.allocator],
            contestant.cpu_goal,
        )
        for contestant, own in zip(contestants, runs, strict=True)
    ]


def show(result: Result, saturating: bool) -> None:
    """Print a workload's table, and what is to be said about it."""
    print(table(f"{result.name}: {result.title}", result.scores))
    if saturating:
        print(ceiling(result.capacity))
        for warning in warnings(result.scores):
            print(warning)
    print(flush=True)


def report_memory(quiet: bool) -> list[Size]:
    """Measure the memory of an idle AsyncChat, print it and return it."""
    reason = why_missing("miniloop") or descriptors_short_of(2 * SOCKETS)
    if reason or sys.platform != "linux":
        print(f"  ! memory left out: {reason or 'it reads /proc, which only Linux has'}")
        return []
    sizes = [
        Size("tracemalloc", beyond_the_socket("tracemalloc"), IDLE_CHAT),
        Size("rss", beyond_the_socket("rss"), None),
    ]
    if not quiet:
        print(f"memory: an idle AsyncChat beyond the bare socket's, mean of {SOCKETS:,}")
        for size in sizes:
            goal = f"   goal: at most {size.goal:,.0f}" if size.goal else ""
            print(f"  {size.by:12} {size.bytes:8,.0f} bytes{goal}")
        print(flush=True)
    return sizes


if __name__ == "__main__":
    # Ended politely, the servers are killed by their `with` blocks; else the kernel does it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
