"""One measurement: a fresh server, its connections, and each shape of the case in turn.

Afresh, because a process's memory layout and hash seed stay with it and move its figures by some
per cent; over the rounds that averages out.
"""

from __future__ import annotations

import gc
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from examples.bench.loops import Loops

from . import tree
from .closed_loop import ClosedLoop, Sample
from .contestants import CEILING
from .crowd import Crowd
from .plan import Trial, lines_at_once, talkers
from .server import CannotServe, Server

WARM_UP = 0.25  # of the time of a run, at its start and not counted


@dataclass(frozen=True)
class Settings:
    """How to measure.

    Attributes:
        seconds: How long one run takes, in seconds.
        patience: Seconds without an answer after which a server counts as not serving.
        loops: What the load sends and receives with.
        server_core: The core of the servers, or None.
    """

    seconds: float
    loops: Loops
    patience: float = 5.0
    server_core: int | None = None


@dataclass(frozen=True)
class Run:
    """What one server did in one round; times in seconds, memory in bytes.

    Attributes:
        label: The contestant's.
        shape: What the connections did.
        connections: How many were open.
        number: The round.
        rate: Lines that came back in a second.
        median: Half of the messages were answered in this time.
        p99: 99 of 100 messages were.
        cpu: Server's user and system time for one line, all its processes together.
        busy: The same as a share of the time that passed.
        load: The share of the time in which the load did not wait for the server.
        memory: Proportional set size of all its processes with the connections open.
        each: What of that came with the connections, for one of them.
        rss: Resident set sizes of all its processes, summed up: shared pages count repeatedly.
        processes: How many processes it had.
        threads: How many threads they had.
        allocator: The settings of the server's allocator.
    """

    label: str
    shape: str
    connections: int
    number: int
    rate: float
    median: float
    p99: float
    cpu: float
    busy: float
    load: float
    memory: int
    each: float
    rss: int
    processes: int
    threads: int
    allocator: str = "raised"


@dataclass(frozen=True)
class Failure:
    """A method that could not do it, and why; `shape` is empty if none of them was reached."""

    label: str
    shape: str
    connections: int
    reason: str


@dataclass(frozen=True)
class Footprint:
    """What the server's processes take, connections open and silent."""

    memory: tree.Memory
    each: float
    processes: int
    threads: int


def measure(trial: Trial, settings: Settings) -> Iterator[Run | Failure]:
    """Run one trial; yield what each shape gave, or the one failure that ended it."""
    label, connections = trial.contestant.label, trial.case.connections
    shape = ""
    try:
        with Server(trial.contestant, settings.server_core) as server, explained(server):
            before = tree.memory(server.processes()).pss
            with Crowd(server.address, settings.patience, echoes(trial)) as crowd:
                crowd.grow(connections)
                footprint = measure_footprint(server, before, connections)
                for shape in trial.case.shapes:
                    yield measure_shape(trial, shape, server, crowd, footprint, settings)
                server.end()  # before the connections close: some servers complain of that
    except CannotServe as error:
        yield Failure(label, shape, connections, str(error))


def echoes(trial: Trial) -> bool:
    """Tell whether the contestant's answers are those lines that it was sent."""
    return trial.contestant.label != CEILING.label


@contextmanager
def explained(server: Server) -> Iterator[None]:
    """Make one sentence of what went wrong and the server's last words."""
    try:
        yield
    except (CannotServe, OSError) as error:
        words = server.last_words()
        raise CannotServe(f"{error} ({words})" if words else str(error)) from error


def measure_footprint(server: Server, before: int, connections: int) -> Footprint:
    """Look at all processes of the server."""
    processes = server.processes()
    memory = tree.memory(processes)
    threads = sum(process.threads for process in processes)
    return Footprint(memory, (memory.pss - before) / connections, len(processes), threads)


def measure_shape(
    trial: Trial,
    shape: str,
    server: Server,
    crowd: Crowd,
    footprint: Footprint,
    settings: Settings,
) -> Run:
    """Have the connections do one thing for a while and return what came of it."""
    count = talkers(shape, trial.case.connections)
    lines = lines_at_once(shape)
    middle = (len(crowd.socks) - count) // 2
    talking = crowd.socks[middle : middle + count]
    loop = ClosedLoop(settings.loops, talking, lines, settings.patience)
    with no_garbage_collection():
        if echoes(trial):
            loop.check()
        loop.start()
        loop.keep_going(settings.seconds * WARM_UP, least=count)
        before = server.cpu_seconds()
        sample = loop.keep_going(settings.seconds, least=count)
        used = server.cpu_seconds() - before
        loop.finish()
    return Run(
        label=trial.contestant.label,
        shape=shape,
        connections=trial.case.connections,
        number=trial.number,
        rate=len(sample.latencies) * lines / sample.seconds,
        median=statistics.median(sample.latencies),
        p99=percentile(sample, 0.99),
        cpu=used / (len(sample.latencies) * lines),
        busy=used / sample.seconds,
        load=1 - sample.waited / sample.seconds,
        memory=footprint.memory.pss,
        each=footprint.each,
        rss=footprint.memory.rss,
        processes=footprint.processes,
        threads=footprint.threads,
        allocator=trial.contestant.allocator,
    )


def percentile(sample: Sample, share: float) -> float:
    """Return the least latency that this share of the messages did not exceed."""
    ordered = sorted(sample.latencies)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Keep the load from pausing for Python's garbage collector."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
