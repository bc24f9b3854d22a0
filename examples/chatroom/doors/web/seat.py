"""A member's seat, which outlives its connections.

Rule of this file: one member's events, requests and waiting; no sockets, no HTTP.

A mobile browser often loses its connection.  The seat stays in the room for a while, keeps the
events, and sends them to the connection that returns with the token.
"""

from __future__ import annotations

import logging

from ...hall.messages import LAST_WORDS, Event, Kind, Message
from ...hall.order import Proof
from ...hall.throttle import TokenBucket
from ...people.names import Refused
from . import requests
from .backlog import Backlog
from .events import Json
from .frames import Frame, frame_of
from .service import Line, Service, Talk, Timer
from .tokens import new_token, proof_of

log = logging.getLogger("chatroom")

GOODBYE, CLOSING, REPLACED = 4000, 1012, 4001
"""The close codes: the session ended, the server closes, another connection took the seat."""


class Seat:
    """One member's seat in the hall.

    Args:
        service: What all seats share.
        address: The client's address; a place in the hall is taken for it.
        line: The connection on which it begins.

    Raises:
        Refused: The hall has no place left, or refuses the address.
    """

    def __init__(self, service: Service, address: str, line: Line) -> None:
        self._service = service
        self._line: Line | None = line
        self._backlog = Backlog(service.limits.backlog_events, service.limits.backlog_bytes)
        self._welcomed = False
        self._secret = new_token()  # the first token
        self._proof = proof_of(
            self._secret
        )  # of the latest token: it is valid at other servers as well
        self._done = 0
        self._end_code = 0
        self._last: Frame | None = None
        limits, now = service.limits, service.moment().mono
        self._returns = TokenBucket(limits.resume_rate, limits.resume_burst, now)
        self._grace: Timer | None = None
        self._session: Talk | None = None
        self._session = service.open_session(self, address, service.moment())

    @property
    def welcomed(self) -> bool:
        """Whether it has a name, and a token with which the browser can return."""
        return self._welcomed

    @property
    def ended(self) -> bool:
        """Whether its session is over, even if the farewell is not delivered yet."""
        return self._session is not None and self._session.ended

    @property
    def waiting(self) -> bool:
        """Whether it has no connection at the moment."""
        return self._line is None

    # The hall's side

    def deliver(self, event: Event) -> None:
        """Count `event`, keep it, and send it if there is a connection."""
        if self._end_code:
            return
        if not self._welcome():
            self._turn_down(event)
            return
        frame = self._service.framer.event(event)
        self._add(frame)
        if isinstance(event, Message) and event.kind in LAST_WORDS:
            self._last = frame
            self._say_goodbye(event.kind)

    def _add(self, frame: Frame) -> None:
        self._backlog.add(frame)
        if self._line is not None:
            self._line.show(frame)

    def _say_goodbye(self, kind: Kind) -> None:
        self._end_code = CLOSING if kind is Kind.CLOSING else GOODBYE
        if self._line is not None:
            self._service.tokens.take_back(self)
            self._line.end(self._end_code, kind.value)

    # Coming in

    def enter(self, name: str, token: str = "") -> None:
        """Request `name` from the hall, which may grant it later.

        Args:
            name: The name.
            token: The token of an ended seat, possibly at another server, that had this name.

        Raises:
            Refused: The name is refused; the seat may request another one, unless that was the last
                attempt.
        """
        if self._session is not None and not self.ended:
            proof = Proof(proof_of(token), self._proof)
            self._session.log_in(name, self._service.moment(), self._refused, proof)
            self._welcome()

    def _refused(self, refusal: Refused) -> None:
        if self._line is not None:
            self._line.show(frame_of({"kind": "refused", "text": str(refusal)}))

    def _welcome(self) -> bool:
        """Return whether the member is in; if it is, send the welcome before any other event."""
        if self._welcomed:
            return True
        if self._session is None or not self._session.logged_in:
            return False
        self._welcomed = True
        token = self._service.tokens.give(self, token=self._secret)
        if self._line is not None:
            self._line.seated()
            self._line.show(self._welcoming(self._session.name, token))
        return True

    def _welcoming(self, name: str, token: str) -> Frame:
        grace = self._service.limits.resume_grace
        return frame_of({"kind": "welcome", "name": name, "token": token, "grace": grace})

    def _turn_down(self, event: Event) -> None:
        """Send only the last event to a client without a name."""
        if isinstance(event, Message) and event.kind in LAST_WORDS:
            if self._line is not None:
                self._line.show(frame_of({"kind": "refused", "text": event.text}))
            self._say_goodbye(event.kind)

    # Requests

    def obey(self, request: requests.Request) -> None:
        """Run a request, once even if it is sent several times."""
        session = self._session
        settled = self._service.tokens.settle(self)  # sent after the latest token arrived
        if session is None or session.ended:
            return
        if settled:
            session.prove(self._proof)
        if request.n <= self._done:
            return
        self._done = request.n
        self._do(session, request)
        session.receipt(request.n)

    def complain(self, problem: requests.BadRequest) -> None:
        """Report what is wrong with a request; a numbered one counts as done."""
        self._add(frame_of({"kind": "problem", "text": str(problem)}))
        if problem.number > self._done and self._session is not None:
            self._done = problem.number
            self._session.receipt(problem.number)

    def _do(self, session: Talk, request: requests.Request) -> None:
        now = self._service.moment()
        match request:
            case requests.Say(_, room, text, nonce):
                session.receive(text, now, room, nonce)
            case requests.Whisper(_, to, text):
                session.whisper(to, text, now)
            case requests.Join(_, room, key):
                session.join(room, key, now)
            case requests.Leave(_, room):
                session.leave(room, now)
            case requests.GetPage(_, room, before):
                session.page(room, before, now)
            case requests.Search(_, room, text, before):
                session.search(room, text, now, before)
            case requests.ListRooms():
                session.rooms(now)

    # Losing the connection, and coming back

    def may_return(self) -> bool:
        """Count one more return; return whether it is within the limit."""
        return self._returns.take(self._service.moment().mono)

    def attach(self, line: Line, seen: int | None, address: str, token: str) -> None:
        """Continue on `line`, whose browser has received `seen` events.

        Args:
            line: The new connection.
            seen: How many events the browser has received; None if it has lost all of them.
            address: The client's address; the seat's place counts for it from now on.
            token: The token with which it returned, which is valid until the new one has arrived.

        Raises:
            Full: There are too many from there; the seat waits as before.
        """
        if self._session is not None:
            self._session.move(address, self._service.moment())
        if self._line is not None:
            self._line.end(REPLACED, "replaced")
        self._cancel_grace()
        self._line = line
        line.seated()
        missing = None if seen is None else self._backlog.after(seen)
        if missing is None:
            self._begin_anew(line, token, fresh=seen is not None)
        else:
            line.show(self._resumed(token, {}))
            for frame in missing:
                line.show(frame)
        if self._end_code:
            self._service.tokens.take_back(self)
            line.end(self._end_code, "goodbye")

    def _begin_anew(self, line: Line, token: str, *, fresh: bool) -> None:
        self._backlog.forget()
        begin: Json = {"seen": self._backlog.total}
        line.show(self._resumed(token, {**begin, "fresh": True} if fresh else begin))
        if self._last is not None:
            self._add(self._last)
        elif self._session is not None:
            self._session.views()

    def _resumed(self, token: str, more: Json) -> Frame:
        name = self._session.name if self._session is not None else ""
        new = self._service.tokens.give(self, token)
        self._proof = proof_of(new)
        if self._session is not None:  # the browser may end up with either of them
            self._session.prove(f"{self._proof} {proof_of(token)}")
        known: Json = {"name": name, "token": new, "done": self._done}
        return frame_of({"kind": "resumed", **known, **more})

    def lost(self, line: Line, reason: str) -> None:
        """Wait for another connection after `line` was lost, unless the session has ended."""
        if line is not self._line:
            return
        self._line = None
        grace = self._service.limits.resume_grace
        session = self._session
        if session is None or not self._welcomed or self._end_code or session.ended or not grace:
            self._leave(reason)
        else:
            session.hold(grace, self._service.moment())
            self._grace = self._service.call_later(grace, lambda: self._leave(reason))

    def _leave(self, reason: str) -> None:
        self._cancel_grace()
        self._service.tokens.take_back(self)
        if self._session is not None:
            self._session.lost(reason, self._service.moment())

    def _cancel_grace(self) -> None:
        if self._grace is not None:
            self._grace.cancel()
            self._grace = None
