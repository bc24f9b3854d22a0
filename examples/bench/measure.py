"""Measuring: one run of one contestant, and the interleaved rounds of a workload."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from .load import Connections
from .loops import Loops, Sample
from .machine import CpuTime, cpu_time
from .plan import Contestant, Workload
from .process import ServerProcess
from .stats import Run

WARM_UP = 0.1  # of the time of a run, at its start and not counted: caches, the interpreter


@dataclass(frozen=True)
class Settings:
    """How to measure.

    Attributes:
        rounds: How often each contestant runs.
        seconds: How long one run takes, in seconds.
        server_core: The core of the servers, or None.
        loops: What the load sends and receives with.
    """

    rounds: int
    seconds: float
    server_core: int | None
    loops: Loops


def measure(workload: Workload, chosen: list[Contestant], settings: Settings) -> list[list[Run]]:
    """Run all rounds of a workload; return the runs of each contestant, round by round."""
    runs: list[list[Run]] = [[] for _ in chosen]
    for number in range(settings.rounds):
        for index in rotated(len(chosen), number):
            runs[index].append(run_once(workload, chosen[index], settings))
    return runs


def rotated(count: int, number: int) -> Iterator[int]:
    """Yield 0 to count - 1, beginning elsewhere in each round: none is always first."""
    return ((index + number) % count for index in range(count))


def run_once(workload: Workload, contestant: Contestant, settings: Settings) -> Run:
    """Start a server afresh, load it, and return what it did.

    Afresh, because a process's memory layout and hash seed stay with it and move its figures by
    some per cent; over the rounds that averages out.
    """
    core, kind, allocator = settings.server_core, workload.kind, contestant.allocator
    with (
        ServerProcess(contestant.server, kind, core, allocator) as server,
        Connections(server.address, contestant.crowd),
        workload.load(server.address, settings.loops) as load,
    ):
        load.check()
        load.run(settings.seconds * WARM_UP)
        before = cpu_times(server)
        sample = load.run(settings.seconds)
        after = cpu_times(server)
        server.kill()  # before the connections close: some servers complain of that
    return summary(sample, before, after)


def cpu_times(server: ServerProcess) -> tuple[CpuTime, CpuTime] | None:
    """Return the server's CPU time and that of the load, this process; None if not known."""
    theirs, ours = cpu_time(server.pid), cpu_time(os.getpid())
    return None if theirs is None or ours is None else (theirs, ours)


def summary(
    sample: Sample,
    before: tuple[CpuTime, CpuTime] | None,
    after: tuple[CpuTime, CpuTime] | None,
) -> Run:
    """Return the figures of a run; without a CPU clock, only those of the load."""
    rate = sample.messages / sample.seconds
    if before is None or after is None or after[0].used <= before[0].used:
        return Run(rate, idle=sample.idle)
    used = after[0].used - before[0].used
    waited = sum(now.waited - then.waited for then, now in zip(before, after, strict=True))
    return Run(
        rate,
        per_cpu=sample.messages / used,
        busy=used / sample.seconds,
        preempted=waited / sample.seconds,
        idle=sample.idle,
    )
