"""A person at the web door: a page that loses its connection, reconnects, and continues.

It behaves as the page does: a request without a receipt is sent again, and the server is
told how many events have arrived, so that it sends the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from miniloop.testing import Peer
from tests.examples.chatroom.doors.web.helpers import (
    CLOSE,
    PING,
    PONG,
    TEXT,
    frame,
    handshake,
    parse,
)
from tests.examples.chatroom.doors.web.helpers import text as as_frame

from .people import Plan, token_of
from .screen import Screen

if TYPE_CHECKING:
    from .town import Town

ADDRESS = ("chat", 4001)
UNCOUNTED = {"welcome", "resumed", "refused", "expired"}
SPEECH = {"said", "acted"}


class Browser:
    """Carries out a plan.

    Attributes:
        plan: The plan.
        screen: What was shown to it.
        peer: Its end of the present connection.
    """

    def __init__(self, town: Town, plan: Plan) -> None:
        self.plan = plan
        self.screen = Screen(quiet=True)
        self.peer: Peer | None = None
        self._town = town
        self._steps, self._logins = iter(plan.steps), iter(plan.logins)
        self._number = 0
        self._unanswered: dict[int, bytes] = {}
        self._token = ""
        self._seen = 0
        self._data = b""
        self._upgraded = self._ready = False
        town.net.call_later(plan.start, self._come)

    def _come(self) -> None:
        self._connect({"do": "enter", "name": next(self._logins)})
        self._next()

    def _connect(self, opening: dict[str, object]) -> None:
        self.peer = self._town.net.connect(ADDRESS, source=self.plan.address)
        self.peer.on_received = self.read
        self._data, self._upgraded, self._ready = b"", False, False
        self.peer.send(handshake("chat") + as_frame(opening))

    # -- sending ---------------------------------------------------------------------------------

    def _next(self) -> None:
        gap, step = next(self._steps, (0.0, ""))
        self._town.net.call_later(gap, self._step, step)

    def _step(self, step: str) -> None:
        peer = self.peer
        assert peer is not None
        if not step:
            self._end(peer)
            return
        if step in ("stop reading", "read on"):
            peer.reading = step == "read on"
        elif step == "break":
            if self._ready:
                peer.reset()
                self._town.net.call_later(self._town.pause(), self._come_back)
                return
        else:
            self._ask(step)
        self._next()

    def _come_back(self) -> None:
        self._connect({"do": "resume", "token": self._token, "seen": self._seen})
        self._next()

    def _ask(self, line: str) -> None:
        """Type a line; it is kept until its receipt arrives."""
        self._number += 1
        request = as_frame({"do": "say", "n": self._number, "room": "", "text": line})
        self._unanswered[self._number] = request
        if self._ready:
            self._send(request)  # else after the welcome

    def _send(self, data: bytes) -> None:
        if self.peer is not None and self.peer.error is None and not self.peer.closed:
            self.peer.send(data)

    def _end(self, peer: Peer) -> None:
        self._town.busy -= 1
        if self.plan.end in ("finishes", "closes"):
            peer.close()
        elif self.plan.end == "resets":
            peer.reset()

    def connected(self) -> bool:
        """Return whether it still has a connection."""
        return self.peer is not None and self.peer.connected and not self.peer.eof

    def go_home(self) -> None:
        """Close the connection."""
        if self.peer is not None:
            self.peer.close()

    # -- reading ---------------------------------------------------------------------------------

    def read(self) -> None:
        """Read what has arrived."""
        if self.peer is None:
            return
        self._data += self.peer.take()
        if not self._upgraded:
            head, found, self._data = self._data.partition(b"\r\n\r\n")
            if not found:
                self._data = head
                return
            assert head.startswith(b"HTTP/1.1 101 "), head
            self._upgraded = True
        frames, self._data = parse(self._data)
        for each in frames:
            if each.opcode == TEXT:
                self._event(each.json)
            elif each.opcode == PING:
                self._send(frame(PONG, each.payload))
            else:
                assert each.opcode == CLOSE, each
                self.go_home()

    def _event(self, event: dict[str, Any]) -> None:
        kind = event["kind"]
        self._seen += kind not in UNCOUNTED
        if kind in SPEECH:
            self._said(event)
        else:
            getattr(self, f"_on_{kind}")(event)

    def _on_welcome(self, event: dict[str, Any]) -> None:
        self._token = event["token"]
        self._ask_again(0)

    def _on_refused(self, event: dict[str, Any]) -> None:
        """Take the other name, because this one is refused."""
        self._send(as_frame({"do": "enter", "name": next(self._logins)}))

    def _on_resumed(self, event: dict[str, Any]) -> None:
        assert not event.get("fresh"), "so much has not happened"
        self._token = event["token"]
        # A page that requests everything again gets nothing twice.
        self._ask_again(self._town.chance.choice((0, event["done"])))

    def _ask_again(self, done: int) -> None:
        """Send unanswered requests again, in the same order, before any new one."""
        self._ready = True
        for number, request in self._unanswered.items():
            if number > done:
                self._send(request)

    def _on_expired(self, event: dict[str, Any]) -> None:
        assert self.screen.ended or not self._town.harmless, f"forgotten: {self.plan}"

    def _on_receipt(self, event: dict[str, Any]) -> None:
        self._unanswered.pop(event["n"], None)

    def _on_notice(self, event: dict[str, Any]) -> None:
        self.screen.told(event["text"])

    _on_farewell = _on_closing = _on_notice

    def _on_room(self, event: dict[str, Any]) -> None:
        room, people = event["room"], [each["name"] for each in event["people"]]
        self.screen.looks(room, people)
        for each in event["recent"]:
            self._said(each, past=True)

    def _said(self, event: dict[str, Any], *, past: bool = False) -> None:
        token = token_of(event["text"])
        self.screen.said(event["room"], token, event["sender"], past=past)

    def _on_parted(self, event: dict[str, Any]) -> None:
        self.screen.parts(event["room"])

    def _on_whispered(self, event: dict[str, Any]) -> None:
        self.screen.whispered(token_of(event["text"]), event["sender"], event["recipient"])

    def _on_joined(self, event: dict[str, Any]) -> None:
        self.screen.came(event["room"], event["sender"])

    def _on_left(self, event: dict[str, Any]) -> None:
        self.screen.left(event["room"], event["sender"])

    def _on_renamed(self, event: dict[str, Any]) -> None:
        self.screen.renamed(event["room"], event["sender"], event["text"])

    def _on_topic(self, event: dict[str, Any]) -> None:
        assert event["room"] in self.screen.rooms

    def _on_page(self, event: dict[str, Any]) -> None:
        for each in event["messages"]:
            if token := token_of(each["text"]):
                self.screen.looked_up(token, each["sender"])

    def _on_rooms(self, event: dict[str, Any]) -> None:
        assert event["rooms"]
