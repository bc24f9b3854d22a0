"""Keeps labels in a column apart from each other; arithmetic only."""

from __future__ import annotations

from collections.abc import Sequence


def apart(heights: Sequence[float], distance: float) -> list[float]:
    """Move heights between 0 and 1 as little as needed to have this distance, in their order.

    Those that are too near form a group, spread evenly around the group's mean; groups that come to
    touch merge.
    """
    order = sorted(range(len(heights)), key=lambda index: heights[index])
    groups: list[list[int]] = []
    for index in order:
        groups.append([index])
        while len(groups) > 1 and touching(groups[-2], groups[-1], heights, distance):
            groups[-2:] = [groups[-2] + groups[-1]]
    placed = [0.0] * len(heights)
    for group in groups:
        bottom = lowest(group, heights, distance)
        for rank, index in enumerate(group):
            placed[index] = bottom + rank * distance
    return placed


def lowest(group: Sequence[int], heights: Sequence[float], distance: float) -> float:
    """Return where the lowest goes: the group's middle stays at its mean, none goes outside."""
    length = (len(group) - 1) * distance
    mean = sum(heights[index] for index in group) / len(group)
    return max(0.0, min(1.0 - length, mean - length / 2))


def touching(
    below: Sequence[int], above: Sequence[int], heights: Sequence[float], distance: float
) -> bool:
    """Tell whether two groups overlap once they are spread."""
    top = lowest(below, heights, distance) + (len(below) - 1) * distance
    return lowest(above, heights, distance) < top + distance
