"""The events of one room, from its feed.

Rule of this file: from entries to the hall.  While a room is followed its feed alone decides which
members of other nodes are in it; this node's own members are known here and sent to the feed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ..hall.happening import Happening
from ..hall.history import ForgetMessage, drop
from ..hall.members import Member, Words
from ..hall.messages import Kind, Message
from ..hall.room import Room
from ..people.names import fold
from .bodies import TEXTS, Profile, Registered, Sign, Told, profile_of, sign_of, told_of
from .elsewhere import Distant
from .interface import Body, Entry, Full, Snapshot
from .namesakes import namesakes, show_renamed
from .numbers import id_of, place_of
from .signs import send_lost
from .site import Site
from .tombstones import MOST, Tombstones
from .values import BadBody, Ref, flag_of, number_of, of_kind, text_of

SPOKEN = frozenset(kind.value for kind in TEXTS)
LOST, ENDED = "connection lost", "its server was shut down"


@dataclass(eq=False)
class RoomReader:
    """Follows the feed of one room.

    Attributes:
        site: The node.
        room: The room.
        registered: The hall's feed's entry for the room.
        opened: Called when its state here has become up to date.
        live: Whether its state here is up to date.
        idle: Ticks since the last member of this node has left.
        whole_from: Since when the history here is complete, in seconds since the epoch; None: all.
    """

    site: Site
    room: Room
    registered: Registered
    opened: Callable[[], None]
    live: bool = False
    idle: int = 0
    whole_from: float | None = None
    _forgotten: Tombstones = field(default_factory=Tombstones)
    _told: dict[Ref, Profile] = field(default_factory=dict)

    # The feed

    def snapshot(self, snapshot: Snapshot) -> None:
        """Apply the missed entries, then make the room equal to the state."""
        stones = of_kind(snapshot.state, "forgotten")
        self._forgotten = Tombstones(stones)
        if not snapshot.whole:
            self._note_gap(snapshot)
        newest = self.room.newest
        for entry in snapshot.past:
            if entry.body.get("do") not in SPOKEN or self._number(entry) > newest:
                self.entry(entry)
            else:  # it is stored here
                self.site.outgoing.came(entry.nonce)
        for number in self._forgotten:
            drop(self.room.tail, number)
            self.site.hall.record(ForgetMessage(number))
        self._forgotten.sweep(self.site, snapshot.feed, stones)
        self._settle(snapshot)
        self.live = True
        self.opened()

    def entry(self, entry: Entry) -> None:
        """Apply one entry."""
        try:
            self._take(entry)
        except BadBody as problem:
            self.site.complain(entry.feed, problem)
        self.site.outgoing.came(entry.nonce)

    def tell(self, told: Told, by: Member | None, nonce: str = "") -> None:
        """Publish an event in the feed.

        Raises:
            Full: The queue is full.
        """
        lasting = told.kind in TEXTS or told.kind in (Kind.TOPIC, Kind.LOCKED, Kind.UNLOCKED)
        self.site.outgoing.send(
            self.registered.feed,
            told.body(),
            by=by,
            nonce=nonce,
            state=self._state(told),
            lasting=lasting,
        )
        if told.kind is Kind.LEFT:
            self._told.pop(told.profile.ref, None)
        elif told.kind is Kind.JOINED:
            self._told[told.profile.ref] = told.profile

    def _state(self, told: Told) -> dict[str, Body | None]:
        match told.kind:
            case Kind.SAID | Kind.ACTED:
                return {}
            case Kind.LEFT:
                return {told.profile.ref.field: None}
            case Kind.TOPIC | Kind.LOCKED | Kind.UNLOCKED:
                sign = self.sign(told)
                return {sign.what: sign.body()}
            case _:
                return {told.profile.ref.field: told.profile.body()}

    def sign(self, told: Told) -> Sign:
        """Return the sign that TOPIC, LOCKED and UNLOCKED set for the room."""
        key, by = self.registered.key, told.profile.name.key
        if told.kind is Kind.TOPIC:
            return Sign(key, "topic", told.text, by)
        return Sign(key, "lock", told.lock, by)

    # Entries

    def _take(self, entry: Entry) -> None:
        match entry.body.get("do"):
            case "gone":
                reason = ENDED if flag_of(entry.body, "ended") else LOST
                self._bury(text_of(entry.body, "incarnation", 100), entry.wall, reason)
            case "forget":
                self._forget(number_of(entry.body, "id"))
            case "clear":
                pass  # only the state has changed
            case "sign":
                sign_of({**entry.body, "do": entry.body.get("what")}).put(self.room)
            case _:
                self._apply(told_of(entry.body), entry)

    def _apply(self, told: Told, entry: Entry) -> None:
        if told.kind in TEXTS:
            self._speak(told, entry)
            return
        if not self.site.roster.is_ours(told.profile.ref):
            distant = self.site.elsewhere.learn(told.profile)
            if self._moves(distant, told):
                self._show(told, entry)
            self.site.elsewhere.tidy(distant)
        elif not told.again and not self._is_left_by_namesake(told):
            self._show(told, entry)
        if told.kind is Kind.RENAMED:
            show_renamed(self.site, self.room, told, entry.wall)

    def _is_left_by_namesake(self, told: Told) -> bool:
        return told.kind is Kind.LEFT and bool(namesakes(self.room, told.profile.name.key))

    def _moves(self, distant: Distant, told: Told) -> bool:
        """Move a member of another node to its present room; False if that shows no change."""
        if told.kind is Kind.JOINED:
            return self._put(distant, told.profile)
        return told.kind is not Kind.LEFT or self._take_out(distant)

    def _show(self, told: Told, entry: Entry, number: int = 0) -> None:
        message = Message(told.kind, told.text, told.sender, id=number)
        doer = self.site.member(told.profile)
        at, words = self.site.at(entry.wall), self._words(told)
        happening = Happening(self.room, doer, message, at, words, entry.nonce, told.lock)
        self.site.hall.effects.apply(happening)

    def _speak(self, told: Told, entry: Entry) -> None:
        number = self._number(entry)
        if number in self._forgotten:
            return
        doer = self.site.member(told.profile)
        doer.heard = self.site.hall.last_tick.mono
        self._show(told, entry, number)

    def _number(self, entry: Entry) -> int:
        return id_of(entry.at, self.registered.number)

    def _words(self, told: Told) -> Words | None:
        if not told.words:
            return None
        author = self.site.hall.names.named(fold(told.by))
        return Words(author or self.site.member(told.profile), told.words)

    def _forget(self, number: int) -> None:
        self._forgotten.add(number)
        hall = self.site.hall
        hall.archive.forget(number, hall.rooms, hall.members)
        if len(self._forgotten) > 2 * MOST:  # not one by one: every node does this
            self._forgotten.sweep(self.site, self.registered.feed)

    # Members in the room

    def _put(self, distant: Distant, profile: Profile) -> bool:
        """Add a member of another node to the room; False if it is there already."""
        member = distant.member
        if self.room in member.rooms:
            return False
        before = self.site.elsewhere.find(profile.replaces) if profile.replaces else None
        if before is not None and self.room in before.member.rooms:
            del self.room.members[before.member], before.member.rooms[self.room]
            self.site.elsewhere.tidy(before)
        self.room.members[member] = member.rooms[self.room] = None
        return True

    def _take_out(self, distant: Distant) -> bool:
        """Remove a member of another node from the room; False if that shows no change."""
        member = distant.member
        listed = self.room in member.rooms
        if listed:
            del self.room.members[member], member.rooms[self.room]
        self.site.elsewhere.tidy(distant)
        return listed and not namesakes(self.room, member.key)

    def _distant(self) -> list[Distant]:
        found = (self.site.elsewhere.of(each) for each in self.room.members)
        return [each for each in found if each is not None]

    def _bury(self, incarnation: str, wall: float, reason: str) -> None:
        for distant in self._distant():
            if distant.ref.incarnation == incarnation:
                self._miss(distant, wall, reason)
        if incarnation == self.site.roster.incarnation:  # declared dead: it is published again
            self.correct()

    def _miss(self, distant: Distant, wall: float, reason: str = LOST) -> None:
        member = distant.member
        if self._take_out(distant):
            message = Message(Kind.LEFT, reason, member.shown)
            at = self.site.at(wall)
            self.site.hall.effects.apply(Happening(self.room, member, message, at))

    # The state

    def _settle(self, snapshot: Snapshot) -> None:
        """Make the room equal to `snapshot`, and publish which of this node's members are in it."""
        self._settle_room(snapshot)
        present: dict[Ref, Profile] = {}
        for body in of_kind(snapshot.state, "member").values():
            try:
                profile = profile_of(body)
            except BadBody as problem:
                self.site.complain(snapshot.feed, problem)
            else:
                present[profile.ref] = profile
        wall = snapshot.at / 1000
        for distant in self._distant():
            if distant.ref not in present:
                self._miss(distant, wall)
        for profile in present.values():
            if not self.site.roster.is_ours(profile.ref):
                self._find(profile, wall)
        self.correct(present)

    def _find(self, profile: Profile, wall: float) -> None:
        distant = self.site.elsewhere.learn(profile)
        if self._put(distant, profile):
            message = Message(Kind.JOINED, "", distant.member.shown)
            at = self.site.at(wall)
            self.site.hall.effects.apply(Happening(self.room, distant.member, message, at))

    def _settle_room(self, snapshot: Snapshot) -> None:
        send_lost(self.site, self.room, snapshot)
        for what in ("topic", "lock"):
            try:
                if what in snapshot.state:
                    sign_of(snapshot.state[what]).put(self.room)
            except BadBody as problem:
                self.site.complain(snapshot.feed, problem)

    def correct(self, present: dict[Ref, Profile] | None = None) -> None:
        """Publish which of this node's members are in the room.

        Args:
            present: The members in the feed's state; none by default.
        """
        roster = self.site.roster
        if self.site.closed:
            return
        own = {roster.ref(member): member for member in self.room.own()}
        told = {ref: each for ref, each in (present or {}).items() if roster.is_ours(ref)}
        try:
            for ref, member in own.items():
                if ref not in told:
                    profile = roster.newer(member)
                    self.tell(Told(Kind.JOINED, profile, member.shown, again=True), None)
            for ref, profile in (self._told | told).items():
                if ref not in own:
                    self.tell(Told(Kind.LEFT, profile, profile.name.shown, LOST), None)
        except Full:
            roster.behind = True

    # Gaps

    def _note_gap(self, snapshot: Snapshot) -> None:
        self.whole_from = snapshot.past[0].wall if snapshot.past else snapshot.at / 1000
        for member in tuple(self.room.own()):
            self.say_whole_from(member)

    def say_whole_from(self, member: Member) -> None:
        """Send `member` the time since when the history is complete, unless all of it is."""
        if self.whole_from is not None:
            when = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(max(0.0, self.whole_from)))
            shown = self.room.name.shown
            text = f"In {shown} some of what was said is missing; it is whole from {when} on."
            self.site.hall.notifier.notify(member, text)

    @property
    def since(self) -> int | None:
        """Return the place in the feed of the last stored message; None if there is none."""
        newest = self.room.newest
        return place_of(newest) if newest else None
