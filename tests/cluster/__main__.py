"""Rounds of faults, each in a town of its own: ``python3 -m tests.cluster --rounds 100``."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from .faults import FAULTS
from .rounds import play


def main(argv: Sequence[str] | None = None) -> int:
    """Play so many rounds; stop at the first that finds something."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.cluster", description=__doc__)
    parser.add_argument("--rounds", type=int, default=60, help="how many (60)")
    parser.add_argument("--seed", type=int, default=1, help="the first seed (1)")
    parser.add_argument("--fault", choices=[*FAULTS], help="this one alone")
    options = parser.parse_args(argv)
    faults = [options.fault] if options.fault else [*FAULTS]
    for number in range(options.rounds):
        seed, fault = options.seed + number, faults[number % len(faults)]
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="cluster-") as folder:
            try:
                outcome = play(Path(folder), fault, seed)
            except AssertionError as error:
                print(f"FAIL: seed {seed}, {fault}: {error}")
                return 1
        took = time.monotonic() - began
        print(
            f"seed {seed}, {fault}: {outcome.lines} lines, seen {outcome.seen} times, {took:.1f} s",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
