"""Members at the line door: they type, lose their connection, and reconnect to another node."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from miniloop.testing import Peer

from ...town.people import token_of
from .plans import Plan
from .seen import Seen
from .servers import LINES

if TYPE_CHECKING:
    from .schedule import Schedule

AGAIN = 0.4
"""Seconds until an attempt is repeated."""
WIDE = bytes((255, 251, 31, 255, 250, 31, 3, 232, 0, 50, 255, 240))
"""Telnet: the window is a thousand columns wide, so that each line is one row."""
DO_NAWS = bytes((255, 253, 31))
REFUSALS = ("muted", "not in", "too fast", "too much waits", "too many", "is no room", "no room")

_STAMP = re.compile(r"\[(\d{4}-\d\d-\d\d )?\d\d:\d\d(?:, not kept)?\] ")
_WHISPER = re.compile(r"(\S+) to (\S+) alone: ")
_SAID = re.compile(r"(?:(\S+): |\* (\S+) )")
_VIEW = re.compile(r"-- You are in (\S+?)(?:, which is closed with a key)?\.(?: Topic: [^.]*\.)? "
                   r"Here: (.*)\.")  # fmt: skip
_WELCOME = re.compile(r"Welcome, (\S+)\. ")
_CAME = re.compile(r"-- (\S+) came into (\S+)\.")
_LEFT = re.compile(r"-- (\S+) left (\S+): .*\.")
_RENAMED = re.compile(r"-- (\S+) is now called (\S+)\.")


class Member(Protocol):
    """The interface of a member for a schedule, at any door."""

    plan: Plan
    seen: Seen
    sure: set[str]
    over: bool

    @property
    def here(self) -> bool: ...
    def go_home(self) -> None: ...


class LineMember:
    """Carries out a plan at the line door.

    Attributes:
        plan: The plan.
        seen: What was shown to it.
        sure: The tokens of messages over its present connection: they must not be lost.
        over: Whether it has left, or was dismissed.
    """

    def __init__(self, schedule: Schedule, plan: Plan) -> None:
        self.plan = plan
        self.seen = Seen()
        self.sure: set[str] = set()
        self.over = False
        self._schedule = schedule
        self._net = schedule.net
        self._steps = [*plan.steps]
        self._peer: Peer | None = None
        self._rest = b""
        self._room = ""
        self._welcome = False
        self._net.call_later(plan.start, self._come, plan.node)
        self._net.call_later(plan.start, self._next)

    @property
    def here(self) -> bool:
        """Return whether it is in, or has left for good."""
        return self._welcome or self.over

    def go_home(self) -> None:
        """Close the connection."""
        self.over, self._welcome = True, False
        if self._peer is not None and not self._peer.closed:
            self._peer.close()

    # Connecting

    def _come(self, node: str) -> None:
        if self.over:
            return
        self.seen.partial |= bool(self._room)  # its old name may be used again
        self._rest, self._room, self._welcome = b"", "", False
        self.seen.rooms.clear()
        self.sure.clear()
        self._peer = self._net.connect((node, LINES), source=self.plan.address)
        self._peer.on_received = self._read
        if self._peer.error is None:
            self._peer.send(WIDE)
            self._ask_name(self._peer)
        else:
            self._lost()

    def _ask_name(self, peer: Peer) -> None:
        if peer is self._peer:
            self._send(self.plan.name)

    def _lost(self) -> None:
        """Handle the lost connection."""
        peer, self._peer, self._welcome = self._peer, None, False
        if peer is not None and not peer.closed:
            peer.on_received = None
            peer.close()
        if not self.over:
            self._net.call_later(self._schedule.pause(), self._come, self._schedule.any_node())

    def _send(self, line: str) -> None:
        peer = self._peer
        if peer is not None and peer.error is None and not peer.eof and not peer.closed:
            peer.send(line.encode() + b"\r\n")

    # Sending

    def _next(self) -> None:
        if self._steps:
            self._net.call_later(self._steps[0][0], self._step)
        else:
            self._schedule.busy.discard(self.plan.number)

    def _step(self) -> None:
        if self.over:
            self._steps.clear()
        elif not self._welcome:
            self._net.call_later(AGAIN, self._step)
            return
        else:
            self._do(self._steps.pop(0)[1])
        self._next()

    def _do(self, step: str) -> None:
        if step == "break":
            if self._peer is not None:
                self._peer.reset()
            self._lost()
            return
        if step == "/quit":
            self.over = True
        elif token_of(step) in self.plan.said:
            self.sure.add(token_of(step))
        self._send(step)

    # Reading

    def _read(self) -> None:
        peer = self._peer
        if peer is None:
            return
        *lines, self._rest = (self._rest + peer.take()).replace(DO_NAWS, b"").split(b"\r\n")
        for line in lines:
            self._line(line.decode())
        if peer is self._peer and (peer.eof or peer.error is not None):
            self._lost()

    def _line(self, line: str) -> None:
        stamp = _STAMP.match(line)
        if stamp is not None:
            self._happened(line[stamp.end() :])
        elif line.startswith("    "):
            return  # the rest of the output before the window's width was known
        elif found := _VIEW.fullmatch(line):
            self._look(
                found[1], [each.removesuffix(" (operator)") for each in found[2].split(", ")]
            )
        else:
            assert line.startswith("-- "), f"what is this line? {line}"
            self._told(line[3:])

    def _look(self, room: str, people: list[str]) -> None:
        if self._room != room:
            self.seen.rooms.pop(self._room, None)
        self._room = room
        self.seen.enter(room, people)

    def _told(self, text: str) -> None:
        seen = self.seen
        if found := _WELCOME.match(text):
            seen.name, self._welcome = found[1], True
        elif not self._welcome and ("taken" in text or "looks like" in text or "closing" in text):
            self._net.call_later(AGAIN, self._ask_name, self._peer)
        seen.notices.append(text)
        if text.startswith(("You were shown out", "You are banned")) or "is banned" in text:
            self.over = not (self.plan.boss and self._welcome)

    def _happened(self, line: str) -> None:
        seen, token = self.seen, token_of(line)
        if _WHISPER.match(line):
            seen.whispers.append(token)
        elif found := _CAME.fullmatch(line):
            people = seen.rooms[self._room].people
            seen.partial |= found[1] in people and found[1] != seen.name
            people.add(found[1])
        elif found := _LEFT.fullmatch(line):
            seen.rooms[self._room].people.discard(found[1])
        elif found := _RENAMED.fullmatch(line):
            # Two members with one name for a while: lines do not show which of them it is.
            seen.partial |= "-" in found[2] or found[2] in seen.rooms[self._room].people
            seen.renamed(self._room, found[1], found[2])
        elif line.startswith("-- "):
            return  # a topic, a lock, an operator
        else:
            assert _SAID.match(line), f"what is this line? {line}"
            seen.rooms[self._room].tokens.append(token)


Make = Callable[["Schedule", Plan], Member]
