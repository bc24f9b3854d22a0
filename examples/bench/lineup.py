"""Which contestants run in a workload: those that can here, under which allocator settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .allocator import BOTH, Allocator
from .machine import descriptors_short_of
from .plan import ALLOCATOR_MATTERS, Contestant, Workload
from .servers import why_missing


def lineup(contestants: Sequence[Contestant], choice: str) -> list[Contestant]:
    """Return which contestants run under which settings.

    Args:
        contestants: Ours first.
        choice: "system": all under the system's own settings. "both": all under both. "raised": all
            under the raised ones, and those for which it matters under the system's too. Ours runs
            along, since a ratio is taken under one setting.
    """
    if choice == Allocator.SYSTEM:
        return [replace(each, allocator=Allocator.SYSTEM) for each in contestants]
    ours, *others = contestants
    again = [each for each in others if choice == BOTH or each.server in ALLOCATOR_MATTERS]
    return [*contestants, *(under_system(each) for each in [ours, *again] if again)]


def under_system(contestant: Contestant) -> Contestant:
    """Return a contestant once more, under the system's own settings; the goal is for the other."""
    label = f"{contestant.label}, system malloc"
    return replace(contestant, label=label, goal=None, cpu_goal=None, allocator=Allocator.SYSTEM)


def available(workload: Workload, choice: str) -> list[Contestant]:
    """Return the contestants that can run here, and print which cannot and why."""
    found: list[Contestant] = []
    for contestant in workload.contestants:
        reason = why_missing(contestant.server)
        reason = reason or descriptors_short_of(workload.connections + contestant.crowd)
        if reason:
            print(f"  ! {workload.name}: {contestant.label} left out: {reason}")
        else:
            found.append(contestant)
    if found and found[0] is not workload.contestants[0]:
        print(f"  ! {workload.name} left out: there is nothing to compare with\n")
        return []
    return lineup(found, choice) if found else []
