"""The command: options, the chosen mutants, the report."""

import argparse
import os
import time
from collections.abc import Sequence
from pathlib import Path

from tests.mutants import equivalents, report, sample
from tests.mutants.equivalents import Equivalent
from tests.mutants.mutant import Mutant
from tests.mutants.survey import SLOWEST, survey, test_files
from tests.mutants.trying import try_all

ROOT = Path(__file__).resolve().parents[2]
SEED = 12
MINUTES = 10.0


def main(argv: Sequence[str]) -> int:
    """Try the chosen mutants; the exit status is 1 if too few are noticed."""
    started = time.monotonic()
    parser, options = parse_arguments(argv)
    root = options.tree.resolve()
    try:
        mutants = sample.chosen(root, options.modules)
        entries = equivalents.read(root / equivalents.FILE)
    except ValueError as error:
        parser.error(str(error))
    is_sample = not options.all and not any(":" in name for name in options.modules)
    if is_sample:
        mutants = sample.shuffled(mutants, options.seed)
    if options.list:
        list_all(mutants[: options.most], entries)
        return 0
    deadline = started + 60 * options.minutes if is_sample else float("inf")
    print(f"{len(mutants):,} mutants")
    return examine(root, mutants[: options.most], entries, options.jobs, deadline)


def list_all(mutants: Sequence[Mutant], entries: list[Equivalent]) -> None:
    """Name the mutants."""
    reasons = equivalents.reasons(mutants, entries)
    for mutant in report.in_order(mutants):
        print(f"- {mutant}" + (f"  equivalent: {reasons[mutant]}" if mutant in reasons else ""))


def examine(
    root: Path, mutants: list[Mutant], entries: list[Equivalent], jobs: int, deadline: float
) -> int:
    """Try the mutants in order and report; return the exit status."""
    with_compat = any(mutant.module.startswith("compat/") for mutant in mutants)
    seen = survey(root, test_files(root, with_compat), jobs)
    print(f"{len(seen.seconds):,} tests in {len(seen.files())} files")
    for test in seen.slow():
        print(f"- takes more than {SLOWEST:g} s, not used: {test}")
    reasons = equivalents.reasons(mutants, entries)
    findings = try_all(mutants, reasons, seen, root, jobs, deadline)
    every = sample.of_files(root, sample.modules(root)) if entries else []
    for line in report.lines(findings, equivalents.stale(every, entries), seen.unusable):
        print(line)
    return 0 if findings.enough else 1


def parse_arguments(argv: Sequence[str]) -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    """Read the options."""
    parser = argparse.ArgumentParser(
        prog="python3 -m tests.mutants",
        description="Change the package in small ways and see whether a test fails.",
    )
    parser.add_argument(
        "modules",
        nargs="*",
        metavar="MODULE",
        help="path or dotted name of a module or folder, with :LINE for one line"
        " (the package without compat and testing)",
    )
    parser.add_argument("--seed", type=int, default=SEED, help="decides the sample (%(default)s)")
    parser.add_argument("--most", type=int, help="so many mutants at most")
    parser.add_argument(
        "--minutes", type=float, default=MINUTES, help="begin none after that (%(default)s)"
    )
    parser.add_argument("--all", action="store_true", help="all of them, however long it takes")
    parser.add_argument("--list", action="store_true", help="name them, run nothing")
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="at a time (%(default)s)"
    )
    parser.add_argument("--tree", type=Path, default=ROOT, help="another tree than this project's")
    return parser, parser.parse_args(argv)
