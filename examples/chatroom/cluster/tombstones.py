"""Deleted messages and lifted sanctions, remembered for a while for nodes that were away.

Rule of this file: which of them the state of a feed may drop.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .interface import Body, Full
from .site import Site
from .values import HIGHEST

NONE: Mapping[str, Body] = {}

MEMORY = 30 * 86_400
"""Seconds that they are kept: longer than a node should be away."""

MOST = 1000
"""Forgotten messages in the state of one room, and forgotten rooms: keeps snapshots small."""


def too_old(stones: Mapping[str, Body], now: float, unit: float = 1.0) -> set[str]:
    """Return those of `stones` that are older than `MEMORY`, or have no valid time.

    Args:
        stones: By name; each has the time as "at".
        now: In seconds since the epoch.
        unit: The unit of "at", in seconds.
    """
    return {
        name
        for name, body in stones.items()
        if not isinstance(at := body.get("at"), int | float) or at * unit <= now - MEMORY
    }


class Tombstones(set[int]):
    """The ids of a room's forgotten messages.

    Args:
        stones: Those in the state of its feed, by id.
    """

    def __init__(self, stones: Mapping[str, Body] = NONE) -> None:
        super().__init__(int(name) for name in stones if _is_number(name))

    def sweep(self, site: Site, feed: str, stones: Mapping[str, Body] = NONE) -> None:
        """Keep the newest ids here and in the state of `feed`; drop old ones in `stones` too."""
        surplus = sorted(self)[:-MOST]
        self.difference_update(surplus)
        names = too_old(stones, site.hall.last_tick.wall, 0.001).union(map(str, surplus))
        sweep(site, feed, [f"forgotten/{name}" for name in names])


def sweep(site: Site, feed: str, fields: Iterable[str]) -> None:
    """Delete these fields from the state of `feed`."""
    state: dict[str, Body | None] = dict.fromkeys(fields)
    if not state:
        return
    try:
        site.outgoing.send(feed, {"do": "clear"}, state=state)
    except Full:
        return  # the next snapshot contains them again


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= len(str(HIGHEST))
