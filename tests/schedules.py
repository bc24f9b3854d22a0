"""Many schedules of the whole chat room: ``python3 -m tests.schedules --count N --seed S``.

Each seed is one schedule, and the same one whenever it is run; see tests/examples/chatroom/town.
Nothing but Python is needed.  With ``--cluster`` it is three servers and the engine between them,
see tests/examples/chatroom/cluster/city; that needs the extras [chat] and [redis], and lupa.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
import traceback
from collections.abc import Callable, Sequence

from tests.examples.chatroom.town.town import run_schedule

EVERY = 10.0  # seconds between two words on how far it is


def main(arguments: Sequence[str] | None = None) -> int:
    """Run them; the exit status is 0 if all of them passed, else 1."""
    options = parse_arguments(arguments)
    run = schedule_of(cluster=options.cluster)
    begun = told = time.monotonic()
    failed = []
    for done, seed in enumerate(range(options.seed, options.seed + options.count), 1):
        if not passes(run, seed):
            failed.append(seed)
        now = time.monotonic()
        if now - told > EVERY or done == options.count:
            told = now
            print(f"{done} schedules, {len(failed)} failed, {done / (now - begun):.0f} a second")
    if failed:
        print("failed:", *failed)
    return 1 if failed else 0


def schedule_of(*, cluster: bool) -> Callable[[int], object]:
    """Return what runs the schedule of a seed."""
    if cluster:
        from tests.examples.chatroom.cluster.city.schedule import run_schedule as run_cluster

        return run_cluster  # it looks at what is logged
    logging.disable(logging.CRITICAL)
    return run_schedule


def passes(run: Callable[[int], object], seed: int) -> bool:
    """Run one, and tell how it failed if it did."""
    try:
        run(seed)
    except Exception:
        traceback.print_exc()
        return False
    return True


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python3 -m tests.schedules",
        description="Run the whole chat room through many schedules on a simulated network.",
    )
    parser.add_argument("--count", type=int, default=10_000, help="how many (default 10000)")
    parser.add_argument("--seed", type=int, default=0, help="the first one's seed (default 0)")
    parser.add_argument("--cluster", action="store_true", help="three servers, and an engine")
    options = parser.parse_args(arguments)
    if options.count < 1:
        parser.error("--count is a number from 1 on")
    return options


if __name__ == "__main__":
    sys.exit(main())
