"""The command line of `python3 -m examples.servers.compare`."""

from __future__ import annotations

import argparse
import importlib.util
import math
from collections.abc import Sequence
from pathlib import Path

from examples.bench.allocator import CHOICES, Allocator
from examples.bench.compiled_loops import why_missing

from ..common import IN_THE_LAB
from .contestants import CONTESTANTS
from .plan import SIZES
from .store import COMPLETE

WHOLE, PART = Path("build/compare"), Path("build/compare-part")
USUAL, QUICK = (5, 0.5), (1, 0.12)  # rounds, and seconds of a run


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the options, with --quick and the usual values already applied."""
    parser = build_parser()
    options = parser.parse_args(argv)
    if options.page and not options.redraw:
        parser.error("--page goes with --redraw: look at the figures before they go into a page")
    if lacking := missing(options.only or []):
        parser.error(f"{lacking} is not installed; in this clone: {IN_THE_LAB}")
    rounds, seconds = QUICK if options.quick else USUAL
    options.rounds = options.rounds or rounds
    options.seconds = options.seconds or seconds
    sizes = SIZES[:-1] if options.quick else SIZES
    options.connections = sorted(set(options.connections or sizes))
    options.out = options.out or (WHOLE if scope(options) == COMPLETE else PART)
    return options


def build_parser() -> argparse.ArgumentParser:
    """Return the parser."""
    parser = argparse.ArgumentParser(
        prog="python3 -m examples.servers.compare",
        description="Measure the article's servers beside each other, under the same load.",
    )
    add = parser.add_argument
    labels = [each.label for each in CONTESTANTS]
    repeated = "may be repeated: %(choices)s"
    add("--only", action="append", choices=labels, metavar="SERVER", help=repeated)
    add("--connections", action="append", type=count, metavar="N", help="may be repeated")
    add("--rounds", type=count, metavar="N", help=f"interleaved rounds ({USUAL[0]})")
    add("--seconds", type=duration, metavar="S", help=f"length of a run ({USUAL[1]})")
    add("--quick", action="store_true", help="a minute, up to 1,000 connections")
    add(
        "--allocator",
        choices=CHOICES,
        default=Allocator.RAISED,
        help="malloc's thresholds in the servers: raised (the default; those for which it matters "
        "are measured with the system's too), system, or both for all",
    )
    load = "the load's loop (compiled where there is a C compiler)"
    add("--load", choices=["compiled", "python"], help=load)
    where = f"where to write ({WHOLE}; with --quick, --only or fewer --connections {PART})"
    add("--out", type=Path, metavar="DIR", help=where)
    again = "measure nothing: table and plots from DIR's figures"
    add("--redraw", action="store_true", help=again)
    page = "with --redraw: a Markdown page that gets them, if the run is complete; repeatable"
    add("--page", type=Path, action="append", metavar="FILE", help=page)
    return parser


def count(text: str) -> int:
    """Parse a whole number above 0."""
    if not (text.isascii() and text.isdigit() and int(text)):
        raise argparse.ArgumentTypeError(f"needs a whole number above 0, not {text!r}")
    return int(text)


def duration(text: str) -> float:
    """Parse a number of seconds."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"needs a number of seconds above 0, not {text!r}")
    return seconds


def missing(labels: Sequence[str]) -> str:
    """Return the first package that these contestants need and that is not installed, or ""."""
    needs = [each.needs for each in CONTESTANTS if each.label in labels and each.needs]
    return next((name for name in needs if importlib.util.find_spec(name) is None), "")


def scope(options: argparse.Namespace) -> str:
    """Say of what a run with these options is a part, or that it is complete."""
    parts = ["--quick"] if options.quick else []
    parts += [f"--only {label}" for label in options.only or []]
    parts += ["--allocator system"] if options.allocator == Allocator.SYSTEM else []
    if options.load == "python" or why_missing():
        parts.append("a load in Python")
    if set(SIZES) - set(options.connections):
        parts.append("fewer --connections")
    return f"a part ({', '.join(parts)})" if parts else COMPLETE
