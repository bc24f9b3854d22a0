"""The command line of the benchmark: `python -m examples.bench [--quick] [--only WORKLOAD]`."""

from __future__ import annotations

import argparse
import platform
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from .machine import choose_cores, descriptors_short_of, pinned
from .measure import Settings, measure
from .memory import SOCKETS, beyond_the_socket
from .plan import WORKLOADS, Contestant, Workload
from .report import csv_rows, table, warnings, write_csv
from .servers import why_missing
from .stats import score

MEMORY_TARGET = 1536  # bytes for an idle AsyncChat beyond the bare socket's
QUICK_ROUNDS, QUICK_SECONDS = 3, 0.15

Rows = list[dict[str, object]]


def main(argv: Sequence[str] | None = None) -> None:
    """Measure what the command line asks for and print it."""
    options = parse_arguments(argv)
    cores = choose_cores()
    server_core, load_core = cores or (None, None)
    settings = Settings(options.rounds, options.seconds, server_core)
    introduce(settings, cores)
    rows: Rows = []
    with pinned(load_core):
        for workload in WORKLOADS:
            if not options.only or workload.name in options.only:
                rows += report(workload, settings)
    if not options.only or "memory" in options.only:
        rows += report_memory()
    if options.csv:
        write_csv(options.csv, rows)


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the options, with --quick already applied."""
    parser = argparse.ArgumentParser(
        prog="python -m examples.bench",
        description="Measure miniloop beside its peers. Ratios are ours to theirs, taken within "
        "each round: median, and the quartiles in brackets.",
    )
    names = [*(workload.name for workload in WORKLOADS), "memory"]
    parser.add_argument("--only", action="append", choices=names, help="may be repeated")
    parser.add_argument("--rounds", type=positive_int, help="runs of each contestant (11)")
    parser.add_argument("--seconds", type=positive_float, help="length of one run (0.4)")
    parser.add_argument("--quick", action="store_true", help="few short runs, for a first look")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the figures there too")
    options = parser.parse_args(argv)
    options.rounds = options.rounds or (QUICK_ROUNDS if options.quick else 11)
    options.seconds = options.seconds or (QUICK_SECONDS if options.quick else 0.4)
    return options


def positive_int(text: str) -> int:
    """Parse a whole number above 0."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def positive_float(text: str) -> float:
    """Parse a number above 0."""
    number = float(text)
    if not number > 0:
        raise argparse.ArgumentTypeError("must be more than 0")
    return number


def introduce(settings: Settings, cores: tuple[int, int] | None) -> None:
    """Say on what and how is measured."""
    where = (
        f"servers on core {cores[0]}, load on core {cores[1]}"
        if cores
        else "NOT PINNED to cores (needs Linux and two of them): take the figures with care"
    )
    print(f"{platform.python_implementation()} {platform.python_version()}, {where}")
    print(f"{settings.rounds} interleaved rounds of {settings.seconds:g} s each\n", flush=True)


def report(workload: Workload, settings: Settings) -> Rows:
    """Measure one workload, print its table and return its rows for the CSV file."""
    chosen = available(workload)
    if not chosen:
        return []
    runs = measure(workload, chosen, settings)
    scores = [
        score(contestant.label, contestant.target, own, runs[0])
        for contestant, own in zip(chosen, runs, strict=True)
    ]
    print(table(f"{workload.name}: {workload.title}", scores))
    for warning in warnings(scores) if workload.saturating else []:
        print(warning)
    print(flush=True)
    return csv_rows(workload.name, scores)


def available(workload: Workload) -> list[Contestant]:
    """Return the contestants that can run here, and say which cannot and why."""
    found: list[Contestant] = []
    for contestant in workload.contestants:
        reason = why_missing(contestant.server)
        reason = reason or descriptors_short_of(workload.connections + contestant.crowd)
        if reason:
            print(f"  ! {workload.name}: {contestant.label} left out: {reason}")
        else:
            found.append(contestant)
    if found and found[0] is not workload.contestants[0]:
        print(f"  ! {workload.name} left out: there is nothing to compare with\n")
        return []
    return found


def report_memory() -> Rows:
    """Measure the memory of an idle AsyncChat, print it and return its rows."""
    reason = why_missing("miniloop") or descriptors_short_of(2 * SOCKETS)
    if reason or sys.platform != "linux":
        print(f"  ! memory left out: {reason or 'it reads /proc, which only Linux has'}")
        return []
    print(f"memory: an idle AsyncChat beyond the bare socket's, mean of {SOCKETS:,}")
    rows: Rows = []
    for by in ("tracemalloc", "rss"):
        size = beyond_the_socket(by)
        reached = "yes" if size < MEMORY_TARGET else "NO"
        print(f"  {by:12} {size:8,.0f} bytes   target {MEMORY_TARGET:,}   reached {reached}")
        rows.append({"workload": "memory", "contestant": by, "rate": size, "reached": reached})
    return rows


if __name__ == "__main__":
    # Ended politely, the servers are killed by their `with` blocks; else the kernel does it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
