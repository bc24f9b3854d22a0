"""The settings of the C library's allocator that a server runs under.

glibc gives every block of 128 KiB or more a mapping of its own, and returns the top of the heap to
the system once 128 KiB of it are free. A server that takes a large buffer for each receive, shrinks
it to what came and frees it then makes three system calls more and two page faults for each line:
asyncio does, with 256 KiB. glibc raises both thresholds by itself when a *large* mapped block is
freed, but this one is small by then. So a program that freed a larger block once, which most do,
serves three times as fast as one that did not.

Every server runs under the same raised thresholds. What changes under the system's own is shown
beside it.
"""

from __future__ import annotations

import os
from enum import StrEnum

THRESHOLD = 32 << 20  # bytes; the most that glibc accepts for M_MMAP_THRESHOLD
VARIABLES = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_")


class Allocator(StrEnum):
    """How a server's process allocates memory."""

    RAISED = "raised"
    SYSTEM = "system"


BOTH = "both"
CHOICES = (*Allocator, BOTH)  # of --allocator


def environment(allocator: Allocator) -> dict[str, str]:
    """Return the environment for a server: this process's, with these settings and no others."""
    others = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    if allocator is Allocator.SYSTEM:
        return others
    return others | dict.fromkeys(VARIABLES, str(THRESHOLD))


def describe(allocator: Allocator) -> str:
    """Return a phrase for a page or the terminal."""
    if allocator is Allocator.SYSTEM:
        return "malloc as the system sets it"
    return f"malloc's thresholds raised to {THRESHOLD >> 20} MiB"
