"""One person's conversation with the hall, as a door sees it.

Rule of this file: what every door needs alike between what was received and the hall: flood
control, the log-in, telling commands from speech.  No bytes, no sockets, no clock.
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
    """One way into the hall.

    Args:
        hall: Where to.
        outlet: The door's end, which gets what is to be shown.
        place: Where the connection comes from, counted at the hall's gate; the session gives it
            back in the end (`lost`).
        now: When it came.
        roaming: Whether one may be in several rooms at once, as a browser can show them.

    Raises:
        Refused: One may not come in; the sentence says why, the place stays the caller's.
    """

    def __init__(
        self, hall: Hall, outlet: Outlet, place: Place, now: Moment, *, roaming: bool = False
    ) -> None:
        self._hall = hall
        self._member = hall.connect(outlet, place, now, roaming=roaming)
        limits = hall.limits
        self._looking = TokenBucket(limits.look_rate, limits.look_burst, now.mono)
        # Others see who comes and goes, so not as often as one may look; but after a restart a
        # page goes back into all its rooms at once.
        self._moving = TokenBucket(limits.flood_rate, 2 * limits.max_rooms_joined, now.mono)

    @property
    def name(self) -> str:
        """The name one is shown by; empty before the log-in."""
        return self._member.name.shown if self._member.name else ""

    @property
    def logged_in(self) -> bool:
        """Whether the other side has given a name that was accepted."""
        return self._member.name is not None

    @property
    def ended(self) -> bool:
        """Whether the hall has done with it: nothing that is still received counts."""
        return not self._member.present

    def hold(self, seconds: float, now: Moment) -> None:
        """The connection is lost; the name is held for so many seconds, until it comes back."""
        self._member.held_until = now.mono + seconds

    def move(self, address: str, now: Moment) -> None:
        """Go on over another connection, from `address`.

        One who may not come in from there is shown out.

        Raises:
            Full: There are too many connections from there; all is as before.
        """
        self._member.place.move(address)
        self._member.held_until = None
        try:
            self._hall.sanctions.check_address(address, now.age)
        except Refused as refusal:
            self.expel(str(refusal), "came from a banned address", now)
        else:
            self._hall.order.changed(self._member)

    # What a person does

    def greet(self) -> None:
        """Ask for a name, where the door has no form for it."""
        self.tell("This is a chat room. What is your name?")

    def receive(self, line: str, now: Moment, room: str = "", nonce: str = "") -> None:
        """Take one line that was typed: the name first, then speech and commands.

        Args:
            line: The line, without its end.
            now: When.
            room: The shown name of the room it is for; the current one if empty.
            nonce: What the sender calls it, see `AddMessage`; empty if it promises nothing.
        """
        self._in_turn(lambda: self._say(line, now, lambda text: self._hear(text, now, room, nonce)))

    def log_in(
        self,
        raw: str,
        now: Moment,
        refused: Callable[[Refused], None] | None = None,
        proof: Proof = NO_PROOF,
    ) -> None:
        """Take a name.

        Args:
            raw: What was typed.
            now: When.
            refused: Gets the reason of a no that comes later; told as a notice unless given.
            proof: What shows that the name was the same person's before.

        Raises:
            Refused: It cannot be had; after a number of attempts the other side is shown out too.
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
        """From now on `proof` shows that the name is this person's; see `Proof.now`."""
        self._member.proof = proof
        self._hall.order.prove(self._member)

    def join(self, room: str, key: str, now: Moment) -> None:
        """Go into a room as well."""
        join = self._hall.membership.join
        self._in_turn(lambda: self._move(now, lambda: join(self._member, room, now, key)))

    def leave(self, room: str, now: Moment) -> None:
        """Leave a room."""
        leave = self._hall.membership.leave
        self._in_turn(lambda: self._move(now, lambda: leave(self._member, self._room(room), now)))

    def whisper(self, to: str, text: str, now: Moment) -> None:
        """Say something to one person alone."""
        speech, names, member = self._hall.speech, self._hall.names, self._member
        self._in_turn(
            lambda: self._say(
                text, now, lambda said: speech.whisper(member, names.find(to), said, now)
            )
        )

    def page(self, room: str, before: int, now: Moment) -> None:
        """Ask for the history of a room before the message with the id `before`; 0: the newest."""
        hall, member = self._hall, self._member
        most = hall.limits.history_page
        page = hall.archive.page
        self._in_turn(lambda: self._look(now, lambda: page(member, self._room(room), before, most)))

    def search(self, room: str, query: str, now: Moment, before: int = 0) -> None:
        """Search in the history of a room, before the message with the id `before`; 0: in all."""
        search, words = self._hall.archive.search, clean(query)
        self._in_turn(
            lambda: self._look(now, lambda: search(self._member, self._room(room), words, before))
        )

    def rooms(self, now: Moment) -> None:
        """Ask for the list of rooms."""
        show = self._hall.membership.list_rooms
        self._in_turn(lambda: self._look(now, lambda: show(self._member)))

    # What a door needs

    def views(self) -> None:
        """Show all rooms one is in, as if one came in: for a page that was loaded again."""
        for room in tuple(self._member.rooms):  # who cannot take one is in none any more
            self._hall.notifier.look(self._member, room, self._hall.limits.history_page)

    def receipt(self, number: int) -> None:
        """Show a receipt for request `number`, once all before it is stored and shown."""
        member, hall = self._member, self._hall
        show = partial(hall.notifier.show, member, Receipt(number))
        self._in_turn(lambda: hall.order.after(member, show))

    def too_long(self, now: Moment) -> None:
        """A line was longer than allowed, and was skipped."""
        if self._passes(now):
            limit = self._hall.limits.max_line
            self.tell(f"That line was too long and was not sent: {limit} bytes at most.")

    def are_you_there(self, now: Moment) -> None:
        """The other side asks whether anybody is listening."""
        if self._passes(now):
            self.tell("Yes, the chat room is here.")

    def tell(self, text: str) -> None:
        """Say `text` to the other side as the server."""
        self._hall.notifier.notify(self._member, text)

    def expel(self, farewell: str, reason: str, now: Moment) -> None:
        """Show the other side out with a last sentence; the others see `reason`."""
        log.info("%s (%s) is shown out: %s.", self._member.shown, self._member.address, reason)
        self._hall.counts["expelled"] += 1
        self._hall.dismiss(self._member, farewell, reason, now)

    def lost(self, reason: str, now: Moment) -> None:
        """The connection is gone; its name and its place are free at once."""
        self._hall.disconnect(self._member, reason, now)

    # Inside

    def _in_turn(self, action: Callable[[], None]) -> None:
        """Do `action`, but not before the answer to what was asked earlier."""
        if not self._member.holding.in_turn(action):
            farewell = "You sent too much before an answer came. Goodbye."
            self.expel(farewell, "flooding", self._hall.last_tick)

    def _count_attempt(self, refusal: Refused, now: Moment) -> None:
        member = self._member
        member.attempts += 1
        # Not what was typed: it may be a command with a password in it.
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
        typed = text.lstrip()  # a blank too many must not make a password public
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
        """Do what a page does by itself, too, and more often than people type."""
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
