"""How the cluster is, in figures for a status page.

Rule of this file: plain values.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClusterFigures:
    """How the cluster is, as this node sees it.

    Attributes:
        nodes: The names of the nodes that are there, this one first.
        link: `up`, `greeting`, `away` or `closed`.
        reason: Why it is away; empty if it is not.
        lag: Seconds between the time of the last entry and its arrival here.
        catching_up: Feeds that are followed and not up to date.
        waiting: Entries that the engine has not acknowledged.
        feeds: Feeds that are followed.
        names: Names that are held.
        senseless: Entries that made no sense.
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
