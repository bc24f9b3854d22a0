"""What the parts of a node share.

Rule of this file: a bundle.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field, replace

from ..hall.hall import Hall
from ..hall.members import Member
from ..hall.messages import Moment
from .bodies import Profile
from .elsewhere import Elsewhere
from .interface import Engine
from .outgoing import Outgoing
from .roster import Roster
from .values import BadBody

log = logging.getLogger("chatroom")

MOST_COMPLAINTS = 20
"""Senseless entries that get into the log; all are counted."""


@dataclass
class Site:
    """One node, as its parts see it.

    Attributes:
        hall: The hall.
        engine: Where the feeds are.
        outgoing: The way into the feeds.
        roster: This node's members.
        elsewhere: The others'.
        closed: Whether this node leaves.
        counts: How often things happened.
    """

    hall: Hall
    engine: Engine
    outgoing: Outgoing
    roster: Roster
    elsewhere: Elsewhere
    closed: bool = False
    counts: Counter[str] = field(default_factory=Counter)

    def member(self, profile: Profile) -> Member:
        """Return the member of `profile`, perhaps one that is gone already."""
        if self.roster.is_ours(profile.ref):
            return self.roster.find(profile.ref) or self.elsewhere.ghost(profile)
        known = self.elsewhere.find(profile.ref)
        return known.member if known is not None else self.elsewhere.ghost(profile)

    def at(self, wall: float) -> Moment:
        """Return the time of an entry, with this node's own clocks for ages."""
        now = self.hall.last_tick
        return replace(now, wall=wall, steady=now.age)

    def complain(self, feed: str, problem: BadBody) -> None:
        """Count, and at first log, something senseless in `feed`."""
        self.counts["senseless"] += 1
        if self.counts["senseless"] <= MOST_COMPLAINTS:
            log.warning("An entry of the feed %.100r makes no sense: %s.", feed, problem)
