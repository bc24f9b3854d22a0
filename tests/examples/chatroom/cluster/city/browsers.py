"""Members at the web door: they behave as the page does when its node stops."""

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

from ...town.people import token_of
from .members import AGAIN
from .plans import Plan
from .seen import Seen, Visit
from .servers import WEB

if TYPE_CHECKING:
    from .schedule import Schedule

UNCOUNTED = {"welcome", "resumed", "refused", "expired"}
IGNORED = {"topic", "operator", "locked", "unlocked", "rooms", "problem"}


class Browser:
    """Carries out a plan at the web door.

    Attributes:
        plan: The plan.
        seen: What was shown to it.
        sure: The tokens of its messages that must not be lost.
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
        self._node = plan.node
        self._token = ""
        self._number = self._count = 0
        self._unanswered: dict[int, dict[str, Any]] = {}
        self._known: dict[str, Visit] = {}  # its rooms, whichever its node
        self._welcome = False
        self._net.call_later(plan.start, self._open, {"do": "enter", "name": plan.name})
        self._net.call_later(plan.start, self._next)

    @property
    def here(self) -> bool:
        """Return whether it is in without a pending request, or has left for good."""
        return self.over or (self._welcome and not self._unanswered)

    def go_home(self) -> None:
        """Close the connection."""
        self.over, self._welcome = True, False
        if self._peer is not None and not self._peer.closed:
            self._peer.close()

    # Connecting

    def _open(self, opening: dict[str, Any]) -> None:
        if self.over:
            return
        self._data, self._upgraded, self._welcome = b"", False, False
        self._opening = opening
        self._peer = self._net.connect((self._node, WEB), source=self.plan.address)
        self._peer.on_received = self._read
        self._send(handshake(self._node) + as_frame(opening))
        if self._peer.error is not None:
            self._lost()

    def _lost(self) -> None:
        """Retry the same node once, then another one."""
        peer, self._peer, was_in, self._welcome = self._peer, None, self._welcome, False
        if peer is not None and not peer.closed:
            peer.on_received = None
            peer.close()
        if self.over:
            return
        if was_in:
            again = {"do": "resume", "token": self._token, "seen": self._count}
            self._net.call_later(self._schedule.pause(), self._open, again)
        else:
            self._move()

    def _move(self) -> None:
        """Enter at another node, with the old token as proof."""
        self._node = self._schedule.any_node()
        self._net.call_later(self._schedule.pause(), self._open, self._entering())

    def _entering(self) -> dict[str, Any]:
        enter = {"do": "enter", "name": self.seen.name or self.plan.name}
        return {**enter, "token": self._token} if self._token else enter

    def _send(self, data: bytes) -> None:
        peer = self._peer
        if peer is not None and peer.error is None and not peer.eof and not peer.closed:
            peer.send(data)

    # Sending

    def _next(self) -> None:
        if self._steps:
            self._net.call_later(self._steps[0][0], self._step)
        else:
            self._schedule.busy.discard(self.plan.number)

    def _step(self) -> None:
        if self.over:
            self._steps.clear()
        elif not self._token or not self.seen.rooms:
            self._net.call_later(AGAIN, self._step)
            return
        else:
            self._do(self._steps.pop(0)[1])
        self._next()

    def _do(self, step: str) -> None:
        chance = self._schedule.chance
        if step == "break":
            if self._peer is not None and self._welcome:
                self._peer.reset()
                self._lost()
            return
        if step == "forget":
            known = sorted(self.seen.ids.items(), key=lambda pair: pair[1])
            if not known:
                return
            step = f"/forget {chance.choice(known)[1]}"
        room = chance.choice([*self.seen.rooms])
        request = {"do": "say", "room": room, "text": step}
        if (token := token_of(step)) in self.plan.said:
            self.sure.add(token)
            request["nonce"] = token.replace(".", "-")
        self._ask(request)
        if step == "/quit":
            self.over = True

    def _ask(self, request: dict[str, Any]) -> None:
        self._number += 1
        self._unanswered[self._number] = request
        if self._welcome:
            self._send(as_frame({"n": self._number, **request}))

    # Reading

    def _read(self) -> None:
        peer = self._peer
        if peer is None:
            return
        self._data += peer.take()
        if not self._upgraded:
            head, found, rest = self._data.partition(b"\r\n\r\n")
            if found:
                assert head.startswith(b"HTTP/1.1 101 "), head
                self._upgraded, self._data = True, rest
        if self._upgraded:
            self._frames(peer)
        if peer is self._peer and (peer.eof or peer.error is not None):
            self._lost()

    def _frames(self, peer: Peer) -> None:
        frames, self._data = parse(self._data)
        for each in frames:
            if each.opcode == TEXT:
                self._event(each.json)
            elif each.opcode == PING:
                self._send(frame(PONG, each.payload))
            elif each.opcode == CLOSE and peer is self._peer:
                self._lost()
            if peer is not self._peer:
                return

    def _event(self, event: dict[str, Any]) -> None:
        kind = event["kind"]
        self._count += kind not in UNCOUNTED
        if kind not in IGNORED:
            getattr(self, f"_on_{kind}")(event)

    def _on_welcome(self, event: dict[str, Any]) -> None:
        """Handle the welcome of a node that knows nothing of earlier requests."""
        rooms = [each for each in self._known if each != "lobby"]
        self._token, self._welcome, self._count = event["token"], True, 0
        self.seen.name = event["name"]
        self.seen.rooms.clear()
        waiting = [*self._unanswered.values()]
        self._unanswered.clear()
        self._number = 0
        for room in rooms:
            self._ask({"do": "join", "room": room, "key": "sesame"})
        for request in waiting:
            if "nonce" in request:
                self._ask(request)

    def _on_refused(self, event: dict[str, Any]) -> None:
        if "banned" in event["text"]:
            self.over = True
            return
        assert self._peer is not None
        self._peer.on_received = None
        self._peer.close()
        self._peer = None
        self._net.call_later(AGAIN, self._open, self._entering())

    def _on_resumed(self, event: dict[str, Any]) -> None:
        self._welcome = True
        self.seen.name = event["name"] or self.seen.name
        if "seen" in event:
            self._count = event["seen"]
            self.seen.rooms.clear()
        for number, request in self._unanswered.items():
            if number > event["done"]:
                self._send(as_frame({"n": number, **request}))

    def _on_expired(self, event: dict[str, Any]) -> None:
        peer, self._peer = self._peer, None
        assert peer is not None
        peer.on_received = None
        peer.close()
        self._open(self._entering())

    def _on_receipt(self, event: dict[str, Any]) -> None:
        self._unanswered.pop(event["n"], None)

    def _on_notice(self, event: dict[str, Any]) -> None:
        self.seen.notices.append(event["text"])

    def _on_farewell(self, event: dict[str, Any]) -> None:
        self.seen.notices.append(event["text"])
        self.over = True

    def _on_closing(self, event: dict[str, Any]) -> None:
        """Move to another node, because this one is stopping."""
        peer, self._peer, self._welcome = self._peer, None, False
        assert peer is not None
        peer.on_received = None
        peer.close()
        self._move()

    # Rooms

    def _on_room(self, event: dict[str, Any]) -> None:
        room, recent = event["room"], event["recent"]
        visit = self._known.get(room)
        if visit is not None and room not in self.seen.rooms:
            self.seen.rooms[room] = visit
        visit = self.seen.enter(room, [each["name"] for each in event["people"]])
        if visit.last and event["more"] and recent and recent[0]["id"] > visit.last:
            self._known.pop(room)  # a page would fetch the gap; here it is another stay
            del self.seen.rooms[room]
            visit = self.seen.enter(room, visit.people)
        self._known[room] = visit
        for each in recent:
            if each["id"] > visit.last:
                self._note(visit, each)

    def _on_said(self, event: dict[str, Any]) -> None:
        visit = self.seen.rooms[event["room"]]
        if event["id"] > visit.last:
            self._note(visit, event)
        else:  # from before its move to a node that was behind
            assert token_of(event["text"]) in visit.tokens, f"out of order: {event}"

    _on_acted = _on_said

    def _note(self, visit: Visit, event: dict[str, Any]) -> None:
        token = token_of(event["text"])
        visit.last = event["id"]
        self.seen.ids[token] = event["id"]
        visit.tokens.append(token)

    def _on_parted(self, event: dict[str, Any]) -> None:
        self.seen.rooms.pop(event["room"], None)
        self._known.pop(event["room"], None)

    def _on_joined(self, event: dict[str, Any]) -> None:
        self.seen.rooms[event["room"]].people.add(event["sender"])

    def _on_left(self, event: dict[str, Any]) -> None:
        self.seen.rooms[event["room"]].people.discard(event["sender"])

    def _on_renamed(self, event: dict[str, Any]) -> None:
        self.seen.renamed(event["room"], event["sender"], event["text"])

    def _on_whispered(self, event: dict[str, Any]) -> None:
        self.seen.whispers.append(token_of(event["text"]))

    def _on_forgotten(self, event: dict[str, Any]) -> None:
        self.seen.forgotten.add(event["id"])
