"""The hall's feed: members and their rooms, the list of rooms, sanctions, nodes that left.

Rule of this file: from the entries and the state of the hall's feed to the hall.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .bodies import Profile, profile_of, registered_of, sign_of
from .elsewhere import Distant
from .interface import Body, Entry, Full, Snapshot
from .rooms import Rooms
from .roster import HALL
from .sanctions import SharedSanctions
from .site import Site
from .tombstones import MOST, sweep, too_old
from .values import BadBody, Ref, of_kind, ref_of, text_of

log = logging.getLogger("chatroom")

MOVED = "You came in at another server with the same browser."


@dataclass(eq=False)
class HallReader:
    """Follows the hall's feed.

    Attributes:
        site: The node.
        rooms: The rooms.
        sanctions: Bans and mutes.
        opened: Called when the state is known for the first time, and again after a gap.
    """

    site: Site
    rooms: Rooms
    sanctions: SharedSanctions
    opened: Callable[[], None]

    def snapshot(self, snapshot: Snapshot) -> None:
        """Set the hall to the state, and add to the state what only this node knows."""
        for entry in snapshot.past:
            self.site.outgoing.came(entry.nonce)  # its effect is in the state
        state = snapshot.state
        forgotten = of_kind(state, "forgotten")
        self._each(forgotten, snapshot.feed, self._forgotten)
        self._each(of_kind(state, "room"), snapshot.feed, self._room)
        for what in ("topic", "lock"):
            self._each(of_kind(state, what), snapshot.feed, self._sign)
        self._members(snapshot)
        self.sanctions.settle(state, self.site)
        self._offer(state)
        self._sweep(forgotten)
        self.rooms.restore(state)
        self.opened()

    def entry(self, entry: Entry) -> None:
        """Apply one entry."""
        try:
            self._take(entry)
        except BadBody as problem:
            self.site.complain(entry.feed, problem)
        self.site.outgoing.came(entry.nonce)

    def _take(self, entry: Entry) -> None:
        body = entry.body
        match body.get("do"):
            case "member":
                self._learn(profile_of(body))
            case "away":
                self._left(ref_of(body, "m"))
            case "room":
                self.rooms.register(registered_of(body))
            case "topic" | "lock":
                self.rooms.sign(sign_of(body))
            case "forget_room":
                key, feed = text_of(body, "key", 400), text_of(body, "feed", 400)
                why = text_of(body, "why", 8192)
                self.rooms.forgotten(key, feed, why, self.site.at(entry.wall))
            case "sanction" | "lift":
                self.sanctions.apply(body, self.site)
            case "gone":
                self._bury(text_of(body, "incarnation", 100), text_of(body, "node", 100))

    # Members

    def _learn(self, profile: Profile) -> None:
        if profile.replaces is not None:
            self._replaced(profile.replaces)
        if self.site.roster.is_ours(profile.ref):
            return
        distant = self.site.elsewhere.meet(profile)
        distant.listed = set(profile.rooms)
        self._list(distant)

    def _list(self, distant: Distant) -> None:
        """Add a member of another node to those rooms that this node does not follow."""
        member = distant.member
        for room in self.site.hall.rooms:
            if self.rooms.reader(room) is not None:
                continue
            if room.name.key in distant.listed:
                room.members[member] = member.rooms[room] = None
            elif room in member.rooms:
                del room.members[member], member.rooms[room]

    def _left(self, ref: Ref) -> None:
        distant = self.site.elsewhere.find(ref)
        if distant is not None:
            distant.listed = set()
            self._list(distant)
            self.site.elsewhere.leave(distant)

    def _bury(self, incarnation: str, node: str) -> None:
        log.warning("The node %s is gone.", node)
        for distant in self.site.elsewhere:
            if distant.ref.incarnation == incarnation:
                self._left(distant.ref)
        if incarnation == self.site.roster.incarnation and not self.site.closed:
            self.site.roster.tell_all()

    def _replaced(self, ref: Ref) -> None:
        member = self.site.roster.find(ref)
        if member is not None and member.present:
            now = self.site.hall.last_tick
            self.site.hall.dismiss(member, MOVED, "came in at another server", now)

    def _members(self, snapshot: Snapshot) -> None:
        present: set[Ref] = set()
        for body in of_kind(snapshot.state, "member").values():
            try:
                profile = profile_of(body)
            except BadBody as problem:
                self.site.complain(snapshot.feed, problem)
            else:
                present.add(profile.ref)
                self._learn(profile)
        for distant in self.site.elsewhere:
            if distant.ref not in present:
                self._left(distant.ref)
        self._clear(present)

    def _clear(self, present: set[Ref]) -> None:
        """Remove members of this process that have left from the state."""
        roster = self.site.roster
        for ref in present:
            if roster.is_ours(ref) and roster.find(ref) is None:
                body = {"do": "away", "m": [ref.incarnation, ref.number]}
                self._send(body, {ref.field: None})

    # Rooms

    def _room(self, key: str, body: Body) -> None:
        self.rooms.register(registered_of(body))

    def _sign(self, key: str, body: Body) -> None:
        self.rooms.sign(sign_of(body))

    def _forgotten(self, key: str, body: Body) -> None:
        at = body.get("at")
        for room in self.site.hall.rooms:
            if room.name.key == key and type(at) is int and self.rooms.is_older(room, at):
                self.rooms.forgotten(key, "", "", self.site.hall.last_tick)

    def _sweep(self, forgotten: Mapping[str, Body]) -> None:
        """Remove entries for forgotten rooms from the state that are old, or too many."""
        old = too_old(forgotten, self.site.hall.last_tick.wall, 0.001)
        kept = sorted(forgotten.keys() - old, key=lambda key: forgotten[key]["at"])
        sweep(self.site, HALL, [f"forgotten/{key}" for key in (*old, *kept[:-MOST])])

    def _offer(self, state: Mapping[str, Body]) -> None:
        """Add rooms to the engine that this node remembers and the engine does not have."""
        for room in self.site.hall.rooms:
            kept = room.saved or any(room.own())
            if kept and f"room/{room.name.key}" not in state:
                self.rooms.offer(room)

    def _send(self, body: Body, state: dict[str, Body | None]) -> None:
        try:
            self.site.outgoing.send(HALL, body, state=state)
        except Full:
            self.site.roster.behind = True

    def _each(
        self, bodies: dict[str, Body], feed: str, action: Callable[[str, Body], None]
    ) -> None:
        for key, body in bodies.items():
            try:
                action(key, body)
            except BadBody as problem:
                self.site.complain(feed, problem)
