"""What the benchmark asks of the operating system: cores, descriptors, CPU clocks.

Nothing here knows what is measured. Where a system cannot do a thing, the answer is None or a
sentence to print, never an exception: a benchmark on a lesser machine is still worth something.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
SPARE_DESCRIPTORS = 100  # what a process needs beside its connections: files, pipes, epoll


def choose_cores() -> tuple[int, int] | None:
    """Return (server's core, load's core), or None where processes cannot be kept apart."""
    if sys.platform != "linux":
        return None
    cores = sorted(os.sched_getaffinity(0))
    return (cores[0], cores[1]) if len(cores) >= 2 else None


def pin(core: int) -> None:
    """Keep this process on one core, if the system can do that."""
    if sys.platform == "linux":
        os.sched_setaffinity(0, {core})


@contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """Keep this process on one core for the length of a `with` block."""
    if core is None or sys.platform != "linux":
        yield
        return
    before = os.sched_getaffinity(0)
    pin(core)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends, even by SIGKILL (Linux only).

    No clean-up code of the parent's runs then, and an orphaned server would hold a core for ever.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))


@dataclass(frozen=True)
class CpuTime:
    """What a process's main thread has had of a core so far.

    Attributes:
        used: The time that it ran, in seconds.
        waited: The time that it could have run but something else had its core, in seconds.
    """

    used: float
    waited: float


def cpu_time(pid: int) -> CpuTime | None:
    """Return a process's CPU time, or None where the system does not tell.

    Linux counts it in nanoseconds in schedstat; the clock ticks of /proc/PID/stat (10 ms) are too
    coarse for runs of 0.4 s.
    """
    try:
        used, waited, _ = Path(f"/proc/{pid}/schedstat").read_text().split()
    except (OSError, ValueError):
        return None
    return CpuTime(int(used) / 1e9, int(waited) / 1e9)


def descriptors_short_of(connections: int) -> str | None:
    """Raise this process's limit on descriptors as far as it goes; children inherit it.

    Returns:
        None if so many connections fit, else a sentence that says what is missing.
    """
    if sys.platform == "win32":
        return None
    import resource

    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    needed = connections + SPARE_DESCRIPTORS
    if hard == resource.RLIM_INFINITY or hard >= needed:
        return None
    return f"needs {needed:,} descriptors, the hard limit is {hard:,}: raise it with `ulimit -Hn`"
