"""The command line of `python3 -m examples.bench`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from .allocator import CHOICES, Allocator
from .plan import WORKLOADS

MEMORY = "memory"
USUAL, QUICK = (11, 0.4), (3, 0.15)  # rounds, and seconds of a run


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the options, with --quick already applied."""
    parser = build_parser()
    options = parser.parse_args(argv)
    if options.page and is_a_part(options):
        parser.error(
            "--page goes with a whole run: without --only, --quick, --load and --allocator"
        )
    rounds, seconds = QUICK if options.quick else USUAL
    options.rounds = options.rounds or rounds
    options.seconds = options.seconds or seconds
    return options


def is_a_part(options: argparse.Namespace) -> bool:
    """Tell whether a page would lack something that it shows."""
    whole = options.allocator == Allocator.RAISED
    return bool(options.only or options.quick or options.load or options.goals or not whole)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser."""
    parser = argparse.ArgumentParser(
        prog="python3 -m examples.bench",
        description="Measure miniloop beside its peers. Ratios are ours to theirs, taken within "
        "each round: median, and the quartiles in brackets.",
    )
    add = parser.add_argument
    names = [*(workload.name for workload in WORKLOADS), MEMORY]
    choices = ", ".join(names)
    add("--only", action="append", choices=names, metavar="NAME", help=f"repeatable: {choices}")
    add("--goals", action="store_true", help="measure only what has a goal, print only the goals")
    add("--rounds", type=positive_int, metavar="N", help=f"runs of each contestant ({USUAL[0]})")
    add("--seconds", type=positive_float, metavar="S", help=f"length of one run ({USUAL[1]})")
    add("--quick", action="store_true", help="few short runs, for a first look")
    add(
        "--allocator",
        choices=CHOICES,
        default=Allocator.RAISED,
        help="malloc's thresholds in the servers: raised (the default; asyncio is shown with the "
        "system's too), system, or both for all",
    )
    add(
        "--load",
        choices=["compiled", "python"],
        help="the load's loops (compiled where there is a C compiler)",
    )
    add("--csv", type=Path, metavar="FILE", help="write the figures there too")
    add("--page", type=Path, metavar="FILE", help="put the tables of a whole run into this page")
    return parser


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
