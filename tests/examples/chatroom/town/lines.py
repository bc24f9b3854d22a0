"""A person at the line door: types, and reads the output as telnet would show it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from miniloop.testing import Peer

from .people import Plan, token_of
from .screen import Screen

if TYPE_CHECKING:
    from .town import Town

ADDRESS = ("chat", 4000)

_STAMP = re.compile(r"\[(\d{4}-\d\d-\d\d )?\d\d:\d\d(?:, not kept)?\] ")
_WHISPER = re.compile(r"(\S+) to (\S+) alone: ")
_SAID = re.compile(r"(?:(\S+): |\* (\S+) )")
_VIEW = re.compile(r"-- You are in (\S+)\.(?: Topic: [^.]*\.)? Here: (.*)\.")
_CAME = re.compile(r"-- (\S+) came into (\S+)\.")
_LEFT = re.compile(r"-- (\S+) left (\S+): .*\.")
_RENAMED = re.compile(r"-- (\S+) is now called (\S+)\.")


class LinePerson:
    """Carries out a plan.

    Attributes:
        plan: The plan.
        screen: What it has seen.
        peer: Its end of the connection.
    """

    def __init__(self, town: Town, plan: Plan) -> None:
        self.plan = plan
        self.screen = Screen(quiet=False)
        self.peer: Peer | None = None
        self._town = town
        self._steps = iter(plan.steps)
        self._rest = b""
        self._room = ""
        town.net.call_later(plan.start, self._come)

    def _come(self) -> None:
        self.peer = self._town.net.connect(ADDRESS, source=self.plan.address)
        for name in self.plan.logins:
            self.peer.send(name.encode() + b"\r\n")
        self._next()

    def _next(self) -> None:
        """Schedule the next step, or end."""
        gap, step = next(self._steps, (0.0, ""))
        self._town.net.call_later(gap, self._step, step)

    def _step(self, step: str) -> None:
        peer = self.peer
        assert peer is not None
        if not step or peer.error is not None:
            self._end(peer)
            return
        if step in ("stop reading", "read on"):
            peer.reading = step == "read on"
        else:
            peer.send(step.encode() + b"\r\n")
        self._next()

    def _end(self, peer: Peer) -> None:
        self._town.busy -= 1
        if self.plan.end == "finishes" and peer.error is None:
            peer.finish()
        elif self.plan.end == "resets":
            peer.reset()
        elif self.plan.end == "closes":
            peer.close()

    def connected(self) -> bool:
        """Return whether it still has a connection."""
        return self.peer is not None and self.peer.connected and not self.peer.eof

    def go_home(self) -> None:
        """Close the connection."""
        if self.peer is not None:
            self.peer.close()

    # -- reading ---------------------------------------------------------------------------------

    def read(self) -> None:
        """Read what has arrived; an incomplete line waits."""
        if self.peer is None:
            return
        # The rows of a long line are one line again; a single space replaces each cut.
        arrived = (self._rest + self.peer.take()).replace(b"\r\n    ", b" ")
        *lines, self._rest = arrived.split(b"\r\n")
        for line in lines:
            self._line(line.decode())

    def _line(self, line: str) -> None:
        stamp = _STAMP.match(line)
        if stamp is not None:
            self._happened(line[stamp.end() :], past=stamp[1] is not None)
        elif found := _VIEW.fullmatch(line):
            if self._room and self._room != found[1]:
                self.screen.parts(self._room)
            self._room = found[1]
            self.screen.looks(self._room, found[2].split(", "))
        else:
            assert line.startswith("-- "), f"what is this line? {line}"
            self.screen.told(line[3:])

    def _happened(self, line: str, *, past: bool) -> None:
        """Handle an event, present or from the history."""
        screen, room = self.screen, self._room
        if found := _WHISPER.match(line):
            assert not past, "whispers are not remembered"
            screen.whispered(token_of(line), found[1], found[2])
        elif line.startswith("-- "):
            self._moved(line)
        else:
            found = _SAID.match(line)
            assert found is not None, f"what is this line? {line}"
            token, sender = token_of(line), found[1] or found[2]
            if not past or not screen.rooms[room].entered:
                screen.said(room, token, sender, past=past)
            elif token:
                screen.looked_up(token, sender)

    def _moved(self, line: str) -> None:
        """Handle an entry, an exit, or a change of a name."""
        if found := _CAME.fullmatch(line):
            assert found[2] == self._room, f"in {self._room}: {line}"
            self.screen.came(self._room, found[1])
        elif found := _LEFT.fullmatch(line):
            assert found[2] == self._room, f"in {self._room}: {line}"
            self.screen.left(self._room, found[1])
        elif found := _RENAMED.fullmatch(line):
            self.screen.renamed(self._room, found[1], found[2])
