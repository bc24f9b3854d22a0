"""Rounds of faults: ``python3 -m tests.cluster --rounds 100``."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from .faults import FAULTS
from .rounds import play
from .town import Town, running

EACH = 20
"""Rounds until the processes are started anew."""


def main(argv: Sequence[str] | None = None) -> int:
    """Play this many rounds; stop at the first failure."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.cluster", description=__doc__)
    parser.add_argument("--rounds", type=int, default=60, help="how many (60)")
    parser.add_argument("--seed", type=int, default=1, help="the first seed (1)")
    parser.add_argument("--fault", choices=[*FAULTS], help="this one alone")
    options = parser.parse_args(argv)
    end = options.seed + options.rounds
    for first in range(options.seed, end, EACH):
        with (
            tempfile.TemporaryDirectory(prefix="cluster-") as folder,
            running(Path(folder)) as town,
        ):
            for seed in range(first, min(first + EACH, end)):
                if not _play(town, seed, options.fault or [*FAULTS][seed % len(FAULTS)]):
                    return 1
            town.end_in_order()
    return 0


def _play(town: Town, seed: int, fault: str) -> bool:
    """Play one round, and print its result."""
    began = time.monotonic()
    try:
        outcome = play(town, fault, seed)
    except (AssertionError, OSError) as error:
        print(f"FAIL: seed {seed}, {fault}: {error!r}")
        return False
    took = time.monotonic() - began
    print(
        f"seed {seed}, {fault}: {outcome.lines} lines, seen {outcome.seen} times, {took:.1f} s",
        flush=True,
    )
    return True


if __name__ == "__main__":
    sys.exit(main())
