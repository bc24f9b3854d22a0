"""Change the package in small ways, one at a time, and see whether a test fails.

    python -m tests.mutants                            a sample of the package, some ten minutes
    python -m tests.mutants miniloop/net               a sample of a folder
    python -m tests.mutants miniloop.timers --all      every mutant of a module
    python -m tests.mutants miniloop/timers.py:129     every mutant of a line
    python -m tests.mutants miniloop/net --list        names them, runs nothing

The exit status is 1 if fewer than 95% are noticed.  It needs pytest, hypothesis and coverage, which
are in the virtual environment that ``python3 -m tests`` makes, and a system that can fork.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from tests.mutants import choosing, equivalents, inside, report, sample
from tests.mutants.benches import Trial, results
from tests.mutants.mutant import Mutant
from tests.mutants.report import Findings
from tests.mutants.survey import Survey, survey, test_files

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
    reasons = equivalents.reasons(mutants, entries)
    order = sample.shuffled(mutants, options.seed) if is_sample else mutants
    order = order[: options.most]
    if options.list:
        for mutant in report.in_order(order):
            print(f"- {mutant}" + (f"  equivalent: {reasons[mutant]}" if mutant in reasons else ""))
        return 0
    seen = survey(root, test_files(root, _needs_compat(mutants)), options.jobs)
    print(f"{len(seen.seconds):,} tests in {len(seen.files())} files, {len(mutants):,} mutants")
    deadline = started + 60 * options.minutes if is_sample else float("inf")
    findings = try_all(order, reasons, seen, root, options.jobs, deadline)
    every = sample.of_files(root, sample.modules(root)) if entries else []
    for line in report.lines(findings, equivalents.stale(every, entries), seen.unusable):
        print(line)
    return 0 if findings.enough else 1


def parse_arguments(argv: Sequence[str]) -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    """Read the options."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutants",
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


def _needs_compat(mutants: Sequence[Mutant]) -> bool:
    return any(mutant.module.startswith("compat/") for mutant in mutants)


def try_all(
    order: Sequence[Mutant],
    reasons: dict[Mutant, str],
    seen: Survey,
    root: Path,
    jobs: int,
    deadline: float,
) -> Findings:
    """Try the mutants in order, up to the deadline, and say how far it is.

    Raises:
        RuntimeError: the tests fail on the unchanged tree, so that their failures prove nothing.
    """
    findings = Findings()

    def trials() -> Iterator[Trial]:
        if order:
            yield Trial(partial(inside.try_out, choosing.batches(order[0], seen)))
        for mutant in order:
            if time.monotonic() > deadline:
                return
            if mutant in reasons:
                findings.equivalent[mutant] = reasons[mutant]
            else:
                batches = choosing.batches(mutant, seen)
                yield Trial(partial(inside.try_out, batches), mutant)

    for result in results(trials(), root, jobs):
        mutant = result.trial.mutant
        if mutant is None:
            if result.status:
                raise RuntimeError(f"the tests fail without any change:\n{result.output[-3000:]}")
            continue
        (findings.noticed if result.status else findings.unnoticed).append(mutant)
        findings.timed_out += result.timed_out
        if not result.status or not findings.tried % 50:
            _say_progress(findings, mutant if not result.status else None)
    return findings


def _say_progress(findings: Findings, unnoticed: Mutant | None) -> None:
    what = f" not noticed: {unnoticed}" if unnoticed is not None else ""
    print(f"{len(findings.noticed)} of {findings.tried}{what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
