"""A chat room full of people: `python3 -m examples.bench.crowd`.

Starts the real server with its history on disk (or with `--cluster` some nodes of a cluster, and
their engine), lets a thousand members in, half of them by the
line door and half by the web door, spread over rooms, and has each say one line a second. Every
line says when it was sent, so that each receiver knows how long it took: through the server, onto
its disk, and back. Whether one was lost, doubled or out of order is counted as well.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence

from miniloop import EventLoop

try:
    from .crowd_members import LineMember, Member, Tally, WebMember
except ImportError as error:
    if __name__ == "__main__":
        sys.exit(
            f"The package {error.name} is missing; in this clone: "
            "python3 -m venv .venv/bench && .venv/bench/bin/pip install -e '.[bench,chat]'"
        )
    raise
from .crowd_servers import PATIENCE, Engine, Server, serving
from .machine import choose_cores, descriptors_short_of, pinned

AT_ONCE = 50  # members that come in at the same time
STRIDE = 7919  # a prime
TICK = 0.01  # seconds between two portions of a second's lines


def main(argv: Sequence[str] | None = None) -> None:
    """Measure what the command line asks for, and print it."""
    options = parse_arguments(argv)
    short = descriptors_short_of(2 * options.members)
    if short:
        raise SystemExit(f"{options.members} members: {short}")
    server_core, load_core = _cores(options)
    with (
        serving(options.nodes, server_core, cluster=options.cluster) as (servers, engine),
        pinned(load_core),
        EventLoop() as loop,
    ):
        empty = sum(server.memory() for server in servers)
        crowd = Crowd(loop, servers, engine, options)
        crowd.come_in()
        full = sum(server.memory() for server in servers)
        print(
            f"{options.members} members in {options.rooms} rooms, {options.web} of them by web; "
            f"memory: {empty:.0f} MiB empty, {full:.0f} MiB with all in "
            f"({1024 * (full - empty) / options.members:.0f} KiB each)"
        )
        crowd.talk(options.seconds)
        crowd.report()


def _cores(options: argparse.Namespace) -> tuple[int | None, int | None]:
    """Return the cores of server and load; with `--share`, or several nodes, none is reserved."""
    if options.share or options.nodes > 1:
        return None, None
    return choose_cores() or (None, None)


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(
        prog="python3 -m examples.bench.crowd", description=(__doc__ or "").partition("\n\n")[2]
    )
    parser.add_argument("--members", type=int, default=1000, help="how many (1000)")
    parser.add_argument("--rooms", type=int, default=100, help="over how many rooms (100)")
    parser.add_argument("--web", type=int, help="how many by the web door (half)")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long they talk (30)")
    parser.add_argument("--every", type=float, default=1.0, help="seconds between one's lines (1)")
    parser.add_argument(
        "--cluster", action="store_true", help="nodes of a cluster, on a redis-server"
    )
    parser.add_argument("--nodes", type=int, default=1, help="how many nodes, with --cluster (1)")
    share = "let server and load share all cores, as with several nodes"
    parser.add_argument("--share", action="store_true", help=share)
    options = parser.parse_args(argv)
    if options.nodes < 1 or (options.nodes > 1 and not options.cluster):
        parser.error("several nodes go with --cluster")
    options.web = options.members // 2 if options.web is None else options.web
    return options


class Crowd:
    """All members, and what they do.

    Args:
        loop: The loop that they are on.
        servers: Where they go, in turn.
        engine: What connects the servers, if there are several.
        options: How many, and so on.
    """

    def __init__(
        self,
        loop: EventLoop,
        servers: Sequence[Server],
        engine: Engine | None,
        options: argparse.Namespace,
    ) -> None:
        self._loop = loop
        self._servers = servers
        self._engine = engine
        self._options = options
        self._members: list[Member] = []
        self._tally = Tally()
        self._expected = 0
        self._lateness = 0.0
        self._spoken = 0

    def come_in(self) -> None:
        """Let all in, some at a time."""
        for number in range(self._options.members):
            self._members.append(self._new(number))
            if number % AT_ONCE == AT_ONCE - 1:
                self._wait(self._all_seated, "all to come in")
        self._wait(self._all_seated, "all to come in")
        self._sizes = Counter(member.room for member in self._members)

    def _new(self, number: int) -> Member:
        members, web, rooms = self._options.members, self._options.web, self._options.rooms
        room = f"room{number // 2 % rooms:04}"
        server = self._servers[number // (2 * rooms) % len(self._servers)]
        # The doors alternate, so that each room has people from both.
        if number * web // members < (number + 1) * web // members:
            return WebMember(self._loop, server.web, number, room, self._tally)
        return LineMember(self._loop, server.lines, number, room, self._tally)

    def talk(self, seconds: float) -> None:
        """Let each say a line now and then, evenly spread over the time."""
        began, busy = time.monotonic(), self._busy_times()
        while (passed := time.monotonic() - began) < seconds:
            self._speak_until(passed)
            self._loop.run_once(TICK)
        self._wait(lambda: len(self._tally.delays) >= self._expected, "the last lines", fatal=False)
        self._took = time.monotonic() - began
        self._busy = [now - then for now, then in zip(self._busy_times(), busy, strict=True)]

    def _busy_times(self) -> list[float]:
        """Return the CPU times of the servers and of the engine so far, in seconds."""
        processes: list[Server | Engine] = [*self._servers]
        if self._engine is not None:
            processes.append(self._engine)
        return [each.busy() for each in processes]

    def _speak_until(self, passed: float) -> None:
        """Say all that is due `passed` seconds after the beginning."""
        pause = self._options.every / len(self._members)
        self._lateness = max(self._lateness, passed - self._spoken * pause)
        while self._spoken * pause < passed:
            # In no order that a room or a door could have.
            speaker = self._members[self._spoken * STRIDE % len(self._members)]
            speaker.speak()
            self._expected += self._sizes[speaker.room]
            self._spoken += 1

    def report(self) -> None:
        """Print what came of it."""
        delays = sorted(self._tally.delays)
        lost = self._expected - len(delays)
        print(
            f"said {self._spoken} lines in {self._took:.1f} s, {self._expected} to be received: "
            f"{lost} lost, {self._tally.wrong} doubled or out of order\n"
            f"from sending to receiving, milliseconds: median {1000 * at(delays, 0.5):.1f}, "
            f"99% {1000 * at(delays, 0.99):.1f}, longest {1000 * delays[-1]:.1f} "
            f"(the load itself was at most {1000 * self._lateness:.1f} late)\n"
            f"{self._shares()}; in all {1e6 * sum(self._busy) / max(1, len(delays)):.0f} us a line "
            f"received; at most {sum(each.memory('VmHWM') for each in self._servers):.0f} MiB"
        )

    def _shares(self) -> str:
        """Say how much of a core each process had."""
        shares = [f"{100 * each / self._took:.0f}%" for each in self._busy]
        loops = f"of a core: {', '.join(shares[: len(self._servers)])} for each server's loop"
        return loops + (f", {shares[-1]} for the engine" if self._engine else "")

    def _all_seated(self) -> bool:
        return all(member.seated for member in self._members)

    def _wait(self, done: Callable[[], bool], what: str, *, fatal: bool = True) -> None:
        deadline = time.monotonic() + PATIENCE
        while not done():
            if time.monotonic() > deadline:
                if fatal:
                    raise SystemExit(f"waited {PATIENCE:.0f} seconds in vain for {what}")
                return
            self._loop.run_once(TICK)


def at(ordered: Sequence[float], share: float) -> float:
    """Return the value below which `share` of the `ordered` ones lie."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


if __name__ == "__main__":
    main()
