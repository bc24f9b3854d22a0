"""One member's conversation with the hall, as a door sees it.

Rule of this file: what every door needs between received input and the hall: flood control, the
log-in, and the distinction of commands from speech.  No bytes, no sockets, no clock.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from ..commands.table import obey
from ..hall.flood import Verdict
from ..hall.gate import Place
from ..hall.hall import Hall
from ..hall.members import Outlet
from ..hall.messages import Moment, Receipt
from ..hall.order import NO_PROOF, Proof
from ..hall.room import Room, here
from ..hall.throttle import TokenBucket
from ..people.names import Refused
from ..people.text import clean

log = logging.getLogger("chatroom")


class Session:
    """One client's session in the hall.

    Args:
        hall: The hall.
        outlet: The door's output for this client.
        place: The connection's place, counted at the hall's gate; the session gives it back at its
            end (`lost`).
        now: The time at which the client connected.
        roaming: Whether the member may be in several rooms at once, as a browser can show them.

    Raises:
        Refused: The client may not come in; the text says why, and the caller keeps the place.
    """

    def __init__(
        self, hall: Hall, outlet: Outlet, place: Place, now: Moment, *, roaming: bool = False
    ) -> None:
        self._hall = hall
        self._member = hall.connect(outlet, place, now, roaming=roaming)
        limits = hall.limits
        self._looking = TokenBucket(limits.look_rate, limits.look_burst, now.mono)
        # Joining and leaving is shown to others, so its limit is lower than that for lookups; but
        # after a restart a page rejoins all its rooms at once.
        self._moving = TokenBucket(limits.flood_rate, 2 * limits.max_rooms_joined, now.mono)

    @property
    def name(self) -> str:
        """The member's shown name; empty before the log-in."""
        return self._member.name.shown if self._member.name else ""

    @property
    def logged_in(self) -> bool:
        """Whether the client has given a name that was accepted."""
        return self._member.name is not None

    @property
    def ended(self) -> bool:
        """Whether the session is over: input that is still received is ignored."""
        return not self._member.present

    def hold(self, seconds: float, now: Moment) -> None:
        """Hold the name for `seconds`, because the connection is lost and may come back."""
        self._member.held_until = now.mono + seconds

    def move(self, address: str, now: Moment) -> None:
        """Continue over another connection, from `address`.

        A member that may not come in from there is dismissed.

        Raises:
            Full: There are too many connections from there; nothing has changed.
        """
        self._member.place.move(address)
        self._member.held_until = None
        try:
            self._hall.sanctions.check_address(address, now.age)
        except Refused as refusal:
            self.expel(str(refusal), "came from a banned address", now)
        else:
            self._hall.order.changed(self._member)

    # What the client does

    def greet(self) -> None:
        """Ask for a name, at a door that has no form for it."""
        self.tell("This is a chat room. What is your name?")

    def receive(self, line: str, now: Moment, room: str = "", nonce: str = "") -> None:
        """Process one typed line: first the name, then speech and commands.

        Args:
            line: The line, without its end.
            now: The time at which it was received.
            room: The shown name of the line's room; the current one if empty.
            nonce: The sender's identifier for the line, see `AddMessage`; empty if there is none.
        """
        self._in_turn(lambda: self._say(line, now, lambda text: self._hear(text, now, room, nonce)))

    def log_in(
        self,
        raw: str,
        now: Moment,
        refused: Callable[[Refused], None] | None = None,
        proof: Proof = NO_PROOF,
    ) -> None:
        """Request a name.

        Args:
            raw: The name as it was typed.
            now: The time.
            refused: Called with the reason of a later refusal; a notice is shown by default.
            proof: Evidence that the name was this member's before.

        Raises:
            Refused: The name is refused; after too many attempts the client is dismissed as well.
        """
        member, told = self._member, refused or (lambda refusal: self.tell(str(refusal)))
        if member.holding.waiting:
            raise Refused("Please wait: the last name is being asked for.")

        def refused_later(refusal: Refused) -> None:
            self._count_attempt(refusal, now)
            if not self.ended:
                told(refusal)

        try:
            self._hall.log_in(member, clean(raw), now, refused_later, proof)
        except Refused as refusal:
            self._count_attempt(refusal, now)
            raise

    def prove(self, proof: str) -> None:
        """Let `proof` show from now on that the name is this member's; see `Proof.now`."""
        self._member.proof = proof
        self._hall.order.prove(self._member)

    def join(self, room: str, key: str, now: Moment) -> None:
        """Join a room."""
        join = self._hall.membership.join
        self._in_turn(lambda: self._move(now, lambda: join(self._member, room, now, key)))

    def leave(self, room: str, now: Moment) -> None:
        """Leave a room."""
        leave = self._hall.membership.leave
        self._in_turn(lambda: self._move(now, lambda: leave(self._member, self._room(room), now)))

    def whisper(self, to: str, text: str, now: Moment) -> None:
        """Send `text` to one member alone."""
        speech, names, member = self._hall.speech, self._hall.names, self._member
        self._in_turn(
            lambda: self._say(
                text, now, lambda said: speech.whisper(member, names.find(to), said, now)
            )
        )

    def page(self, room: str, before: int, now: Moment) -> None:
        """Request a page of a room's history before the message with the id `before`; 0: newest."""
        hall, member = self._hall, self._member
        most = hall.limits.history_page
        page = hall.archive.page
        self._in_turn(lambda: self._look(now, lambda: page(member, self._room(room), before, most)))

    def search(self, room: str, query: str, now: Moment, before: int = 0) -> None:
        """Search a room's history before the message with the id `before`; 0: all of it."""
        search, words = self._hall.archive.search, clean(query)
        self._in_turn(
            lambda: self._look(now, lambda: search(self._member, self._room(room), words, before))
        )

    def rooms(self, now: Moment) -> None:
        """Request the list of rooms."""
        show = self._hall.membership.list_rooms
        self._in_turn(lambda: self._look(now, lambda: show(self._member)))

    # What a door needs

    def views(self) -> None:
        """Show all joined rooms as if the member came in: for a page that was loaded again."""
        for room in tuple(self._member.rooms):  # a failed delivery empties the member's rooms
            self._hall.notifier.look(self._member, room, self._hall.limits.history_page)

    def receipt(self, number: int) -> None:
        """Show a receipt for request `number`, once everything before it is stored and shown."""
        member, hall = self._member, self._hall
        show = partial(hall.notifier.show, member, Receipt(number))
        self._in_turn(lambda: hall.order.after(member, show))

    def too_long(self, now: Moment) -> None:
        """Handle a line that was longer than allowed and was skipped."""
        if self._passes(now):
            limit = self._hall.limits.max_line
            self.tell(f"That line was too long and was not sent: {limit} bytes at most.")

    def are_you_there(self, now: Moment) -> None:
        """Answer a client's question whether the server is there."""
        if self._passes(now):
            self.tell("Yes, the chat room is here.")

    def tell(self, text: str) -> None:
        """Send `text` to the client as the server."""
        self._hall.notifier.notify(self._member, text)

    def expel(self, farewell: str, reason: str, now: Moment) -> None:
        """Dismiss the member with a last sentence; the others see `reason`."""
        log.info("%s (%s) is shown out: %s.", self._member.shown, self._member.address, reason)
        self._hall.counts["expelled"] += 1
        self._hall.dismiss(self._member, farewell, reason, now)

    def lost(self, reason: str, now: Moment) -> None:
        """Handle a lost connection; its name and its place are free at once."""
        self._hall.disconnect(self._member, reason, now)

    # Inside

    def _in_turn(self, action: Callable[[], None]) -> None:
        """Run `action` after the answers to all earlier requests."""
        if not self._member.holding.in_turn(action):
            farewell = "You sent too much before an answer came. Goodbye."
            self.expel(farewell, "flooding", self._hall.last_tick)

    def _count_attempt(self, refusal: Refused, now: Moment) -> None:
        member = self._member
        member.attempts += 1
        # Not the typed text: it may be a command with a password in it.
        log.info("%s tried a name in vain: %s", member.address, refusal)
        if member.attempts >= self._hall.limits.login_attempts and not self.ended:
            self.expel(f"{refusal} Goodbye.", "too many attempts to log in", now)

    def _say(self, line: str, now: Moment, action: Callable[[str], None]) -> None:
        text = clean(line).rstrip()
        if len(text.encode()) > self._hall.limits.max_line:
            self.too_long(now)
        elif self._passes(now) and text.strip():
            self._attempt(partial(action, text))

    def _hear(self, text: str, now: Moment, room: str, nonce: str) -> None:
        member, hall = self._member, self._hall
        if not self.logged_in:
            self.log_in(text, now)
            return
        if room:
            member.room = self._room(room)
        typed = text.lstrip()  # a leading blank must not make a password public
        if typed.startswith("/") and not typed.startswith("//"):
            obey(hall, member, typed, now, nonce)
        else:
            said = typed[1:] if typed.startswith("//") else text
            hall.speech.say(member, said, now, nonce)

    def _room(self, raw: str) -> Room:
        room = self._hall.rooms.find(raw) if raw else here(self._member)
        if room not in self._member.rooms:
            raise Refused(f"You are not in {room.name.shown}.")
        return room

    def _look(self, now: Moment, action: Callable[[], None]) -> None:
        """Run a lookup that a page also starts by itself, more often than members type."""
        admitted = self._looking.take(now.mono) and self._hall.archive.admits(self._member, now)
        self._ask(action, admitted=admitted)

    def _move(self, now: Moment, action: Callable[[], None]) -> None:
        self._ask(action, admitted=self._moving.take(now.mono))

    def _ask(self, action: Callable[[], None], *, admitted: bool) -> None:
        if self.ended or not self.logged_in:
            return
        if admitted:
            self._attempt(action)
        else:
            self.tell("You are asking too fast; please wait a moment.")

    def _attempt(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Refused as refusal:
            if not self.ended:
                self.tell(str(refusal))

    def _passes(self, now: Moment) -> bool:
        if self.ended:
            return False
        member = self._member
        member.heard = now.mono
        verdict = member.guard.judge(now.mono)
        if verdict is Verdict.PASS and not self._hall.admits_line(member, now):
            verdict = member.guard.strike()
        if verdict is not Verdict.PASS:
            self._hall.counts["flooded"] += 1
        if verdict is Verdict.WARN:
            self.tell("You are sending too fast; lines are dropped until you slow down.")
        elif verdict is Verdict.EXPEL:
            self.expel("You went on sending too fast. Goodbye.", "flooding", now)
        return verdict is Verdict.PASS
