"""One server of several: local events get their place among those of other nodes.

Rule of this file: the hall's `Order`, in terms of feeds; the readers apply what returns.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from ..hall.hall import Hall
from ..hall.happening import Happening
from ..hall.holding import Answered
from ..hall.members import Member, Words
from ..hall.messages import Kind, Message, Moment
from ..hall.order import Proof
from ..hall.room import Room
from ..people.names import Name, Refused
from ..people.sanction import ForgetSanction, SaveSanction
from .bodies import TEXTS, Told
from .claims import Claims
from .elsewhere import Distant, Elsewhere
from .hall_reader import HallReader
from .interface import Body, Engine, Full, NameClaim, Watcher
from .node_reader import NodeReader, feed_of, send_dismissal, send_personal
from .numbers import room_of
from .outgoing import Outgoing
from .room_reader import RoomReader
from .rooms import Rooms
from .roster import HALL, Roster
from .sanctions import SharedSanctions
from .site import Site

log = logging.getLogger("chatroom")

DOWN = (
    "The link to the other servers is down. What is said in rooms waits, and is shown to all when "
    "it is back."
)
BACK = "The link to the other servers is back; what waited is on its way."
TOO_MUCH = (
    "The link to the other servers is down, and too much waits already: that was not said. Please "
    "say it again when the link is back."
)

CLOSING = "The chat room is closing: please come back in a moment."

SIGNS = frozenset({Kind.TOPIC, Kind.LOCKED, Kind.UNLOCKED})

Connect = Callable[[Watcher], Engine]


class Node:
    """The order of a server in a cluster.

    Args:
        hall: Its hall.
        connect: Makes the engine with the callbacks to use.
        name: The node's name, unique in the cluster.
        incarnation: A random value, unique to this process.
    """

    def __init__(self, hall: Hall, connect: Connect, name: str, incarnation: str) -> None:
        self.name = name
        self.incarnation = incarnation
        self.shared = True
        self._hall = hall
        self._was_up = False
        self._down_for = 0  # ticks
        engine = connect(self)
        outgoing = Outgoing(engine, hall.record, incarnation, hall.limits.max_waiting)
        roster = Roster(outgoing, name, incarnation)
        self.site = Site(hall, engine, outgoing, roster, Elsewhere(hall, self._send))
        self.rooms = Rooms(self.site)
        self._claims = Claims(self.site)
        self._sanctions = SharedSanctions()

    def start(self) -> None:
        """Follow the feeds of every node, and send what an earlier process left over."""
        reader = HallReader(self.site, self.rooms, self._sanctions, self._correct)
        self.site.engine.follow(HALL, reader, None)
        self.site.engine.follow(feed_of(self.name), NodeReader(self.site), None)
        self.rooms.start()
        for left in self._hall.left_over:
            try:
                self.site.outgoing.send_again(left.nonce, left.text)
            except (Full, ValueError):
                log.warning("What an earlier process left over is damaged, or too much: not sent.")

    def figures(self) -> Mapping[str, object]:
        """Return the state of the cluster, as this node sees it."""
        figures = self.site.engine.figures()
        return {
            "nodes": len(figures.nodes),
            "link": figures.link,
            "link_down_s": self._down_for,
            "lag_s": round(figures.lag, 3),
            "feeds_behind": figures.catching_up,
            "waiting": figures.waiting,
            "lines_waiting": len(self.site.outgoing),
            "rooms_followed": len(self.rooms),
            "members_elsewhere": len(self.site.elsewhere),
            "senseless": figures.senseless + self.site.counts["senseless"],
        }

    @property
    def caution(self) -> str:
        """Return the notice for new members."""
        return "" if self.site.engine.up else DOWN

    @property
    def ready(self) -> bool:
        """Return whether it is up to date with the other nodes."""
        return self.site.engine.up and not self.site.engine.figures().catching_up

    # The order

    def submit(self, happening: Happening) -> None:
        """Publish it in the room's feed; it takes effect when it returns.

        Raises:
            Refused: It is a message, and the queue is full.
        """
        reader = self.rooms.reader(happening.room)
        if reader is None or not self.site.roster.knows(happening.doer):
            return  # a room is followed as long as a member of this node is in it
        told = self._told(happening)
        try:
            reader.tell(told, happening.doer, happening.nonce)
            self._note(reader, told)
            if told.kind is Kind.JOINED:
                reader.say_whole_from(happening.doer)
        except Full:
            if told.kind in TEXTS:
                raise Refused(TOO_MUCH) from None
            self.site.roster.behind = True

    def _note(self, reader: RoomReader, told: Told) -> None:
        """Publish a change of a room in the list of rooms."""
        if told.kind in TEXTS | SIGNS:
            self.rooms.spoken(reader)
        if told.kind in SIGNS:
            self.rooms.put_up(reader.sign(told))

    def _told(self, happening: Happening) -> Told:
        message, words = happening.message, happening.words
        return Told(
            message.kind,
            self.site.roster.newer(happening.doer),
            message.sender,
            message.text,
            happening.lock,
            words.author.shown if words is not None else "",
            words.text if words is not None else "",
        )

    def after(self, member: Member, action: Callable[[], None]) -> None:
        """Call `action` when all that `member` has submitted until now took effect."""
        self.site.outgoing.after(member, action)

    def claim(self, member: Member, name: Name, proof: Proof, answered: Answered) -> None:
        """Claim `name` at the engine."""
        if self.site.closed:  # this node has left the cluster
            answered(Refused(CLOSING))
            return
        self._claims.claim(member, name, proof, answered)

    def prove(self, member: Member) -> None:
        """Send the present proof of a name to the engine."""
        self._claims.prove(member)

    def release(self, member: Member, name: Name) -> None:
        """Release a name."""
        self._claims.release(name)
        self.site.elsewhere.settle_names()

    def make_room(self, name: Name, member: Member, answered: Answered) -> None:
        """Request a new room at the engine."""
        self.rooms.make(name, member, answered)

    def open(self, room: Room, answered: Answered) -> None:
        """Follow the room's feed."""
        self.rooms.open(room, answered)

    def changed(self, member: Member) -> None:
        """Publish a change of a member."""
        self.site.roster.tell(member)

    def share(self, write: SaveSanction | ForgetSanction, now: Moment) -> None:
        """Publish a sanction."""
        self._sanctions.share(write, self.site)

    def forget_room(self, room: Room, why: str, now: Moment) -> None:
        """Delete a room at all nodes."""
        try:
            self.rooms.forget(room, why)
        except Full:
            raise Refused(TOO_MUCH) from None

    def deserted(self, room: Room, now: Moment) -> None:
        """Delete it at all nodes, if it stays empty."""
        self.rooms.deserted(room)

    def forget_message(self, number: int) -> None:
        """Delete a message at all nodes; here at once."""
        self._hall.archive.forget(number, self._hall.rooms, self._hall.members)
        known = self.rooms.by_number(room_of(number))
        if known is None:
            return
        body = {"do": "forget", "id": number}
        at = round(self._hall.last_tick.wall * 1000)
        state: dict[str, Body | None] = {f"forgotten/{number}": {"at": at}}
        try:
            self.site.outgoing.send(known.feed, body, state=state, lasting=True)
        except Full:
            raise Refused(TOO_MUCH) from None

    def dismiss(self, member: Member, farewell: str, reason: str, words: Words | None) -> bool:
        """Ask the member's node to dismiss it, if it is at another one."""
        distant = self.site.elsewhere.of(member)
        if distant is not None:
            send_dismissal(self.site, distant, farewell, reason, words)
        return bool(member.node)

    def tick(self, now: Moment) -> None:
        """Run the periodic work, about once a second."""
        self._down_for = 0 if self.site.engine.up else self._down_for + 1
        self.site.outgoing.tick()
        self._claims.tick()
        self.site.roster.tidy()
        self.rooms.tick()

    def close(self) -> None:
        """Publish that this node's members leave; store the entries in flight."""
        if self.site.closed:
            return
        self.site.closed = True
        self.site.outgoing.close()
        self.site.engine.close(lambda: None)

    # Called by the engine

    def up(self) -> None:
        """Resume: the engine is available."""
        if self._was_up or any(each.name is not None for each in self._hall.members):
            self._hall.announce(BACK)
        self._was_up = True
        self._claims.ask_again()
        self._sanctions.send_late(self.site)
        if self.site.roster.behind:
            self.site.roster.behind = False
            self._correct()

    def down(self, reason: str) -> None:
        """Continue alone: the engine is not available."""
        log.warning("The link to the other servers is down: %s.", reason)
        self.site.outgoing.keep()
        self.rooms.let_in()
        if self._was_up:
            self._hall.announce(DOWN)

    def buried(self) -> None:
        """Register everything again: other nodes declared this node dead."""
        log.warning("The other servers took this one for dead; its members are told again.")
        self._claims.all_again()
        self._correct()

    def name_lost(self, name: NameClaim) -> None:
        """Claim a name again that another member may have."""
        self._claims.lost(name)

    def _correct(self) -> None:
        """Publish this node's members in the feeds again."""
        self.site.roster.tell_all()
        for reader in self.rooms.readers:
            reader.correct()

    def _send(self, distant: Distant, message: Message) -> None:
        send_personal(self.site, distant, message)
