"""The hall: the members, their rooms, and the effects of what members do.

Rule of this file: plain Python; no sockets, no protocol, no clock (each time is an argument).
Texts are cleaned before they come here (doors/session.py); doors clean them again for output.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable

from ..people.doorkeeper import Doorkeeper
from ..people.names import Refused
from ..people.sanction import ForgetSanction, SaveSanction
from ..people.sanctions import Sanctions
from ..people.text import shorten
from .archive import Archive
from .directory import Directory
from .effects import Effects
from .flood import FloodGuard
from .gate import Gate, Place
from .happening import Happening
from .history import MemoryStore, Store, Write
from .ledger import Ledger
from .limits import Limits
from .members import Member, Outlet, Words
from .membership import Membership
from .messages import Kind, Message, Moment
from .naming import Naming
from .notifier import Notifier
from .order import NO_PROOF, Alone, Order, Proof
from .postbox import Postbox
from .room import Room, here
from .rooms import Rooms
from .speech import Speech
from .throttle import Throttle

log = logging.getLogger("chatroom")


def at_once(callback: Callable[[], None]) -> None:
    """Call `callback` immediately: the default of a hall without a loop."""
    callback()


def ignore(_: object) -> None:
    """Ignore the argument."""


class Hall:
    """All rooms and all members.

    Args:
        limits: The limits in force.
        store: Where lines are stored; in memory by default.
        defer: Schedules a function for the end of this pass of the loop, so that everything from
            one pass is stored with one commit; the function is called immediately by default.
        doorkeeper: Checks operators' passwords; by default no member can become an operator.
        log_messages: Whether the log contains what members say; private lines are never logged.
        order: Makes the order of happenings; by default that of a single server.

    Attributes:
        order: Gives each happening its place in the order.
        effects: Applies happenings.
        limits: The limits in force.
        gate: Counts connections; a door takes a place there for each.
        ledger: The queue to the store.
        postbox: The queue to the members.
        notifier: Shows events to members.
        rooms: The rooms.
        membership: Joining and leaving rooms.
        names: The names in use.
        sanctions: Bans and mutes.
        doorkeeper: Checks operators' passwords.
        speech: Messages of members.
        archive: Access to the stored history.
        naming: Gives names to members.
        left_over: What an earlier process had stored but not yet sent to other servers.
        counts: Counters of events, for the statistics.
        last_tick: The time of the last `tick`, normally at most a second ago.
        caution: A lasting problem with the history, as a sentence for members that come in; empty
            if there is none.
    """

    def __init__(
        self,
        limits: Limits,
        store: Store | None = None,
        *,
        doorkeeper: Doorkeeper | None = None,
        defer: Callable[[Callable[[], None]], object] = at_once,
        log_messages: bool = False,
        order: Callable[[Hall], Order] = Alone,
    ) -> None:
        store = store if store is not None else MemoryStore(limits.history_kept)
        known = store.load(max(1, limits.history_kept))
        self.limits = limits
        self.gate = Gate(limits)
        self.ledger = Ledger(store, defer, self.announce, limits.max_waiting)
        self.postbox = Postbox(self.ledger, self._broken)
        self.notifier = Notifier(self.postbox)
        self.sanctions = Sanctions(known.sanctions)
        self.left_over = known.waiting
        self.effects = Effects(self.postbox, self.notifier, self.record, known.last_id)
        self.order = order(self)
        self.rooms = Rooms(limits, known, self.record, self.sanctions, self.order)
        self.membership = Membership(limits, self.rooms, self.notifier, self.order)
        self.names = Directory(limits.max_name)
        self.doorkeeper = doorkeeper if doorkeeper is not None else Doorkeeper()
        self.naming = Naming(limits, self.names, self.sanctions, self.doorkeeper, self.order)
        self.archive = Archive(store, self.postbox, limits)
        self.counts: Counter[str] = Counter()
        self.caution = ""
        self.speech = Speech(
            self.postbox,
            self.sanctions,
            limits,
            self.order,
            self.counts,
            log_messages=log_messages,
        )
        self._by_source = Throttle(limits.address_rate, limits.address_burst)
        self._members: dict[Member, None] = {}
        self.last_tick = Moment(0.0, 0.0)

    @property
    def members(self) -> tuple[Member, ...]:
        """All members at this server, including those that have not logged in yet."""
        return tuple(self._members)

    @property
    def everybody(self) -> tuple[Member, ...]:
        """All members, including those at other servers."""
        return (*self._members, *(each for each in self.names if each.node))

    # Coming and going

    def connect(
        self, outlet: Outlet, place: Place, now: Moment, *, roaming: bool = False
    ) -> Member:
        """Make a member, without a name yet, for the connection that holds `place`.

        Raises:
            Refused: Its address is banned; the caller keeps the place.
        """
        self.sanctions.check_address(place.address, now.age)
        guard = FloodGuard(self.limits, now.mono)
        member = Member(outlet, place, guard, now.mono, roaming)
        self._members[member] = None
        return member

    def log_in(
        self,
        member: Member,
        raw: str,
        now: Moment,
        refused: Callable[[Refused], None] = ignore,
        proof: Proof = NO_PROOF,
    ) -> None:
        """Give `member` the name `raw` and let it into the lobby.

        A member from a muted address comes in with a neutral guest name.

        Args:
            member: The member.
            raw: The name as it was typed.
            now: The time.
            refused: Called with the reason of a later refusal.
            proof: Evidence that the name was this member's before.

        Raises:
            Refused: The name is refused; the member stays where it was.
        """
        muted, naming = not self.sanctions.has_voice(member, now.age), self.naming
        again, member.proof = bool(proof.before), proof.now
        name = naming.guest(member, now) if muted else naming.check(member, raw, now, again=again)
        naming.ask(member, name, proof, lambda: self._come_in(member, now, muted=muted), refused)

    def _come_in(self, member: Member, now: Moment, *, muted: bool) -> None:
        log.info("%s logged in from %s.", member.shown, member.address)
        self.notifier.notify(member, f"Welcome, {member.shown}. /help lists the commands.")
        if caution := self.ledger.caution or self.order.caution or self.caution:
            self.notifier.notify(member, caution)
        if muted:
            text = f"Your address is muted: until that ends you are called {member.shown}."
            self.notifier.notify(member, text)
        self.membership.enter(member, self.rooms.lobby, now)

    def disconnect(self, member: Member, reason: str, now: Moment) -> None:
        """Remove a member whose connection is lost and give back its place; safe to call again.

        Every connection ends here, including one that was dismissed before: until then it holds a
        descriptor, so it counts, or leaving and returning would bypass the limits.
        """
        member.reachable = False
        self._remove(member, reason, now)
        member.place.leave()

    def dismiss(
        self, member: Member, farewell: str, reason: str, now: Moment, words: Words | None = None
    ) -> None:
        """Send `farewell` to `member` as its last line and remove it.

        Other members see `reason`, and `words` unless they ignore their author; `words` are speech,
        so the log contains only the reason.
        """
        if self.order.dismiss(member, farewell, reason, words):
            return  # the member's own server does the same
        self.notifier.show(member, Message(Kind.FAREWELL, farewell))
        self._remove(member, reason, now, words)

    def close(self, farewell: str) -> None:
        """Send `farewell` to all members, once all messages are stored; the hall is empty then."""
        everybody = self.members
        self.order.close()
        for member in everybody:
            self._forget(member)
        self.postbox.post(Message(Kind.CLOSING, farewell), everybody)
        self.ledger.flush()

    def admits_line(self, member: Member, now: Moment) -> bool:
        """Return whether one more line from `member`'s source is within the limit."""
        return self._by_source.take(member.place.source, now.mono)

    def begin(self, now: Moment) -> None:
        """Start the order, before any member comes in."""
        self.last_tick = now
        self.order.start()

    def tick(self, now: Moment) -> None:
        """Run periodic work; called about once a second."""
        self.last_tick = now
        self.ledger.tick(now.mono)
        self.order.tick(now)

    # Notices and records

    def announce(self, text: str) -> None:
        """Send a notice to all members."""
        self.postbox.post(Message(Kind.NOTICE, text), self._members)

    def record(self, write: Write) -> None:
        """Store a change that is not shown; a failure is announced as with messages."""
        self.ledger.add(write, lambda _: None)

    # Changing things

    def rename(self, member: Member, raw: str, now: Moment) -> None:
        """Give `member` another name; members that ignore it continue to ignore it.

        Raises:
            Refused: The name is refused; a later refusal is sent as a notice.
        """
        name = self.naming.check(member, raw, now)
        self.sanctions.check_voice(member, now.age)  # a new name would evade a mute by name

        def refused(refusal: Refused) -> None:
            if member.present:
                self.notifier.notify(member, str(refusal))

        self.naming.rename(member, name, now, lambda: self.members, refused)

    def set_topic(self, member: Member, topic: str, now: Moment) -> None:
        """Set the topic of `member`'s room, cut to the maximum length."""
        self.sanctions.check_voice(member, now.age)
        text = shorten(topic, self.limits.max_topic)
        message = Message(Kind.TOPIC, text, member.shown)
        self.order.submit(Happening(here(member), member, message, now))

    def promote(self, member: Member, now: Moment) -> None:
        """Make `member` an operator."""
        member.operator = True
        for room in tuple(member.rooms):
            if room in member.rooms:  # sending to one room can close the connection
                message = Message(Kind.OPERATOR, "", member.shown)
                self.order.submit(Happening(room, member, message, now))
        self.order.changed(member)

    def lock(self, room: Room, lock: str, member: Member, now: Moment) -> None:
        """Close `room` with the hashed key `lock`, or open it if `lock` is empty."""
        kind = Kind.LOCKED if lock else Kind.UNLOCKED
        message = Message(kind, "", member.shown)
        self.order.submit(Happening(room, member, message, now, lock=lock))

    def share(self, write: SaveSanction | ForgetSanction, now: Moment) -> None:
        """Store a sanction that is now in force or lifted, and send it to the other servers."""
        self.record(write)
        self.order.share(write, now)

    # Inside

    def _remove(self, member: Member, reason: str, now: Moment, words: Words | None = None) -> None:
        if not member.present:
            return
        self._forget(member)
        for room in tuple(member.rooms):
            self.membership.exit(member, room, reason, now, words)
        for other in self._members:  # not earlier: before, they have not received its last words
            other.shunned.pop(member, None)
        if member.name is not None:
            log.info("%s left: %s.", member.shown, reason)

    def _forget(self, member: Member) -> None:
        member.present = False
        del self._members[member]
        self.names.release(member)
        if member.name is not None:
            self.order.release(member, member.name)

    def _broken(self, member: Member) -> None:
        member.reachable = False
        # A second's precision is enough for a line about a member that left.
        self._remove(member, "connection lost", self.last_tick)
