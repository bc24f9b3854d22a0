"""One conversation, as a door sees it: lines go in here.

Rule of this file: what every door needs alike between a decoded line and the hall: flood
control, the log-in, telling commands from speech.  No bytes, no sockets, no clock.
"""

from __future__ import annotations

import logging

from .commands import obey
from .limits import Verdict
from .members import Outlet
from .messages import Moment
from .names import Refused
from .room import Hall
from .text import clean, shorten

log = logging.getLogger("chatroom")


class Session:
    """One connection's way into the hall.

    Args:
        hall: Where to.
        outlet: The door's end, which gets what is to be shown.
        address: Where the connection comes from.
        now: When it came.

    Raises:
        Refused: There are too many connections; the sentence is for the one who came.
    """

    def __init__(self, hall: Hall, outlet: Outlet, address: str, now: Moment) -> None:
        self._hall = hall
        self._member = hall.connect(outlet, address, now)
        hall.notify(self._member, "Welcome to the chat room. What is your name?")

    @property
    def logged_in(self) -> bool:
        """Whether the other side has given a name that was accepted."""
        return self._member.name is not None

    @property
    def ended(self) -> bool:
        """Whether the hall has done with it: nothing that is still received counts."""
        return not self._member.present

    def receive(self, line: str, now: Moment) -> None:
        """Take one line that was typed, without its end."""
        text = clean(line).rstrip()
        if not self._passes(now) or not text.strip():
            return
        try:
            self._hear(text, now)
        except Refused as refusal:
            self._hall.notify(self._member, str(refusal))

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
        self._hall.notify(self._member, text)

    def expel(self, farewell: str, reason: str, now: Moment) -> None:
        """Show the other side out with a last sentence; the others see `reason`."""
        log.info("%s (%s) is shown out: %s.", self._member.shown, self._member.address, reason)
        self._hall.dismiss(self._member, farewell, reason, now)

    def lost(self, reason: str, now: Moment) -> None:
        """The connection is gone; its name and its place are free at once."""
        self._hall.disconnect(self._member, reason, now)

    def _passes(self, now: Moment) -> bool:
        if self.ended:
            return False
        self._member.heard = now.mono
        verdict = self._member.guard.judge(now.mono)
        if verdict is Verdict.WARN:
            self.tell("You are sending too fast; lines are dropped until you slow down.")
        elif verdict is Verdict.EXPEL:
            self.expel("You went on sending too fast. Goodbye.", "flooding", now)
        return verdict is Verdict.PASS

    def _hear(self, text: str, now: Moment) -> None:
        if not self.logged_in:
            self._log_in(text, now)
        elif text.startswith("//"):
            self._hall.say(self._member, text[1:], now)
        elif text.startswith("/"):
            obey(self._hall, self._member, text, now)
        else:
            self._hall.say(self._member, text, now)

    def _log_in(self, text: str, now: Moment) -> None:
        try:
            self._hall.log_in(self._member, text, now)
        except Refused as refusal:
            self._member.attempts += 1
            log.info("%s tried the name %r.", self._member.address, shorten(text, 40))
            if self._member.attempts >= self._hall.limits.login_attempts:
                self.expel(f"{refusal} Goodbye.", "too many attempts to log in", now)
                return
            raise
