"""The state that the parts of a node share.

Rule of this file: a bundle of references.
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
"""Invalid entries that are logged; all are counted."""


@dataclass
class Site:
    """The shared state of one node.

    Attributes:
        hall: The hall.
        engine: The engine with the feeds.
        outgoing: The queue of entries to publish.
        roster: The members of this node.
        elsewhere: The members of other nodes.
        closed: Whether this node is leaving.
        counts: Counters of events, by name.
    """

    hall: Hall
    engine: Engine
    outgoing: Outgoing
    roster: Roster
    elsewhere: Elsewhere
    closed: bool = False
    counts: Counter[str] = field(default_factory=Counter)

    def member(self, profile: Profile) -> Member:
        """Return the member of `profile`, which may have left already."""
        if self.roster.is_ours(profile.ref):
            return self.roster.find(profile.ref) or self.elsewhere.ghost(profile)
        known = self.elsewhere.find(profile.ref)
        return known.member if known is not None else self.elsewhere.ghost(profile)

    def at(self, wall: float) -> Moment:
        """Return the time of an entry, with the age by this node's own clocks."""
        now = self.hall.last_tick
        return replace(now, wall=wall, steady=now.age)

    def complain(self, feed: str, problem: BadBody) -> None:
        """Count an invalid entry of `feed`, and log the first ones."""
        self.counts["senseless"] += 1
        if self.counts["senseless"] <= MOST_COMPLAINTS:
            log.warning("An entry of the feed %.100r makes no sense: %s.", feed, problem)
