"""Says on what and how was measured: figures without that are worth little."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path

from .allocator import Allocator, describe


@dataclass(frozen=True)
class Setting:
    """How is measured.

    Attributes:
        cores: The servers' core and the load's, or None where they cannot be kept apart.
        rounds: How often each contestant runs.
        seconds: How long one run takes.
        load: The name of the load's loops.
        allocator: The settings of the servers' allocator.
    """

    cores: tuple[int, int] | None
    rounds: int
    seconds: float
    load: str
    allocator: Allocator


def description(setting: Setting) -> str:
    """Return a few lines about the machine, its noise and the way of measuring."""
    where = (
        f"servers on core {setting.cores[0]}, load ({setting.load}) on core {setting.cores[1]}"
        if setting.cores
        else f"NOT PINNED to cores (needs Linux and two of them), load ({setting.load}): take the "
        "figures with care"
    )
    rounds = f"{setting.rounds} interleaved round{'s' if setting.rounds > 1 else ''}"
    return (
        f"{platform.python_implementation()} {platform.python_version()}, "
        f"{platform.system()} {platform.release().split('-')[0]}, {processor()}, "
        f"{os.cpu_count()} cores\n"
        f"{where}; {rounds}, runs of {setting.seconds:g} s\n"
        f"servers' {describe(setting.allocator)}; load average before: {load_average()}"
    )


def load_average() -> str:
    """Return the load average of the last minute, where the system has one."""
    return f"{os.getloadavg()[0]:.2f}" if hasattr(os, "getloadavg") else "not known"


def processor() -> str:
    """Return the processor's name, or its architecture where the system keeps the name."""
    names = Path("/proc/cpuinfo")
    for line in names.read_text().splitlines() if names.exists() else []:
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
