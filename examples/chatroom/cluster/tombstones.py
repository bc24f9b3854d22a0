"""What was forgotten or lifted, remembered for nodes that were away then; but not for ever.

Rule of this file: which of it the state of a feed need not have any longer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .interface import Body, Full
from .site import Site
from .values import HIGHEST

NONE: Mapping[str, Body] = {}

MEMORY = 30 * 86_400
"""Seconds that it is remembered: longer than a node should be away."""

MOST = 1000
"""Forgotten messages that the state of one room has, and forgotten rooms: a snapshot is small."""


def too_old(stones: Mapping[str, Body], now: float, unit: float = 1.0) -> set[str]:
    """Return those of `stones` that are older than `MEMORY`, or do not say how old they are.

    Args:
        stones: By name; each has the time as "at".
        now: In seconds since the epoch.
        unit: Seconds that one of "at" is.
    """
    return {
        name
        for name, body in stones.items()
        if not isinstance(at := body.get("at"), int | float) or at * unit <= now - MEMORY
    }


class Tombstones(set[int]):
    """The ids of a room's forgotten messages.

    Args:
        stones: What the state of its feed has of them, by id.
    """

    def __init__(self, stones: Mapping[str, Body] = NONE) -> None:
        super().__init__(int(name) for name in stones if _is_number(name))

    def sweep(self, site: Site, feed: str, stones: Mapping[str, Body] = NONE) -> None:
        """Keep the newest, and have the state of `feed` do so; what is old in `stones` goes too."""
        surplus = sorted(self)[:-MOST]
        self.difference_update(surplus)
        names = too_old(stones, site.hall.last_tick.wall, 0.001).union(map(str, surplus))
        sweep(site, feed, [f"forgotten/{name}" for name in names])


def sweep(site: Site, feed: str, fields: Iterable[str]) -> None:
    """Have the state of `feed` no longer have these fields."""
    state: dict[str, Body | None] = dict.fromkeys(fields)
    if not state:
        return
    try:
        site.outgoing.send(feed, {"do": "clear"}, state=state)
    except Full:
        return  # the next snapshot has them again


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= len(str(HIGHEST))
