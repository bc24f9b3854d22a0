"""What the system says of a process and all its descendants: CPU time, memory, threads (Linux).

A server's cost may be spread over thousands of processes, some of them dead already. So CPU time is
the sum of three: the clock of each living process (nanoseconds, its dead threads included), what
each has inherited from children that it waited for, and, since orphans fall to the warden, what the
warden has inherited.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

PROCESS_CLOCK = 2  # user and system time of all threads: CPUCLOCK_SCHED in <linux/posix-timers.h>


@dataclass(frozen=True)
class Process:
    """What /proc/PID/stat says.

    Attributes:
        pid: The process.
        parent: Its parent.
        threads: How many threads it has.
        reaped: CPU time of its children that ended and were waited for, theirs too, in seconds.
    """

    pid: int
    parent: int
    threads: int
    reaped: float


@dataclass(frozen=True)
class Memory:
    """Memory in bytes; the kernel's own, such as socket buffers and page tables, is not in it.

    Attributes:
        pss: Proportional set size: a page that several processes share counts once in all.
        rss: Resident set size: such a page counts once in each.
    """

    pss: int
    rss: int


def parse_stat(text: str) -> Process:
    """Parse /proc/PID/stat. The program's name may contain anything: the last `)` ends it."""
    pid, rest = int(text[: text.index(" ")]), text[text.rindex(")") + 2 :].split()
    ticks = int(rest[13]) + int(rest[14])
    return Process(pid, int(rest[1]), int(rest[17]), ticks / os.sysconf("SC_CLK_TCK"))


def every_process() -> list[Process]:
    """Return all processes that we may look at; those that end meanwhile are left out."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                found.append(parse_stat(Path("/proc", name, "stat").read_text()))
            except (FileNotFoundError, ProcessLookupError):
                continue
    return found


def tree(root: int) -> list[Process]:
    """Return a process and its descendants, itself first; an empty list if it is gone."""
    children: dict[int, list[Process]] = {}
    found: list[Process] = []
    for process in every_process():
        children.setdefault(process.parent, []).append(process)
        if process.pid == root:
            found.append(process)
    for process in found:  # grows while it is walked: parents come before their children
        found += children.get(process.pid, [])
    return found


def descendants(root: int) -> list[Process]:
    """Return the descendants of a process without itself."""
    return tree(root)[1:]


def cpu_seconds(root: int) -> float:
    """Return the user and system time of a process and its descendants, dead or alive."""
    return sum(clock(process.pid) + process.reaped for process in tree(root))


def clock(pid: int) -> float:
    """Return the CPU time of a process in seconds, 0 if it is gone.

    The number of its clock is made as clock_getcpuclockid(3) makes it.
    """
    try:
        return time.clock_gettime((~pid << 3) | PROCESS_CLOCK)
    except OSError:
        return 0.0


def memory(processes: list[Process]) -> Memory:
    """Return the memory of these processes together."""
    each = [process_memory(process.pid) for process in processes]
    return Memory(sum(one.pss for one in each), sum(one.rss for one in each))


def process_memory(pid: int) -> Memory:
    """Return the memory of one process, nothing if it is gone."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return Memory(0, 0)
    return parse_rollup(text)


def parse_rollup(text: str) -> Memory:
    """Parse /proc/PID/smaps_rollup; a process that is ending has an empty one."""
    sizes = {words[0]: words[1] for line in text.splitlines() if len(words := line.split()) == 3}
    return Memory(int(sizes.get("Pss:", 0)) * 1024, int(sizes.get("Rss:", 0)) * 1024)


def available_memory() -> tuple[int, int]:
    """Return the bytes that the machine could still give, and all that it has."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    sizes = {line.split()[0]: int(line.split()[1]) * 1024 for line in lines}
    return sizes["MemAvailable:"], sizes["MemTotal:"]
