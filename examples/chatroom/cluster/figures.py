"""The figures of the cluster for a status page.

Rule of this file: plain values.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClusterFigures:
    """The state of the cluster, as this node sees it.

    Attributes:
        nodes: The names of the present nodes, this one first.
        link: `up`, `greeting`, `away` or `closed`.
        reason: Why it is away; empty if it is not.
        lag: Seconds between the time of the last entry and its arrival here.
        catching_up: Followed feeds that are not up to date.
        waiting: Entries that the engine has not acknowledged.
        feeds: Followed feeds.
        names: Held names.
        senseless: Invalid entries.
    """

    nodes: tuple[str, ...]
    link: str
    reason: str
    lag: float
    catching_up: int
    waiting: int
    feeds: int
    names: int
    senseless: int
