"""Says on what and how was measured: figures without that are worth little."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def description(cores: tuple[int, int] | None, rounds: int, seconds: float) -> str:
    """Return a few lines about the machine, its noise and the way of measuring."""
    where = (
        f"servers on core {cores[0]}, load on core {cores[1]}"
        if cores
        else "NOT PINNED to cores (there is only one): take the figures with care"
    )
    rounds_text = f"{rounds} interleaved round{'s' if rounds > 1 else ''}"
    return (
        f"{platform.python_implementation()} {platform.python_version()}, "
        f"Linux {platform.release().split('-')[0]}, {processor()}, {os.cpu_count()} cores\n"
        f"{where}; {rounds_text}, runs of {seconds:g} s\n"
        f"load average before it began: {os.getloadavg()[0]:.2f}"
    )


def processor() -> str:
    """Return the processor's name, or its architecture where the system keeps the name."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
