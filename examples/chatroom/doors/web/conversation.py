"""The messages on one open WebSocket.

Rule of this file: pass a message to its seat; handle messages without a seat and bad requests.
"""

from __future__ import annotations

import logging

from ...hall.gate import Full
from ...people.names import Refused
from . import requests
from .frames import frame_of
from .seat import GOODBYE, Seat
from .service import Line, Service

log = logging.getLogger("chatroom")

TOO_MANY_PROBLEMS, FULL = 4002, 1013


class Conversation:
    """The messages of one browser.

    Args:
        service: What all seats share.
        socket: The connection.
        address: The client's address.
    """

    def __init__(self, service: Service, socket: Line, address: str) -> None:
        self._service = service
        self._socket = socket
        self._address = address
        self._seat: Seat | None = None
        self._problems = 0
        self._over = False

    @property
    def ended(self) -> bool:
        """Whether the hall has ended the session: further input is ignored."""
        return self._seat is not None and self._seat.ended

    def hear(self, text: str) -> None:
        """Process one message."""
        try:
            request = requests.decode(text)
            self._take(request)
        except requests.BadRequest as problem:
            self._complain(problem)

    def too_late(self) -> None:
        """Close: no name was given in time."""
        self._refuse("You gave no name in time. Goodbye.")
        self._socket.end(GOODBYE, "no log-in in time")

    def lost(self, reason: str) -> None:
        """Handle a lost connection; safe to call again."""
        if self._over:
            return
        self._over = True
        if self._seat is not None:
            self._seat.lost(self._socket, reason)

    def _take(self, request: requests.Opening | requests.Request) -> None:
        seat = self._seat
        match request:
            case requests.Enter(name, token):
                self._enter(name, token)
            case requests.Resume(token, seen):
                self._resume(token, seen)
            case _ if seat is None or not seat.welcomed:
                raise requests.BadRequest("Enter first.")
            case _:
                seat.obey(request)

    def _enter(self, name: str, token: str) -> None:
        if self._seat is not None and self._seat.welcomed:
            raise requests.BadRequest("You have entered already.")
        if self._seat is None:
            self._sit_down()
        if self._seat is not None:
            try:
                self._seat.enter(name, token)
            except Refused as refusal:
                self._refuse(str(refusal))

    def _sit_down(self) -> None:
        try:
            self._seat = Seat(self._service, self._address, self._socket)
        except Full as refusal:
            self._turn_away(refusal, FULL)
        except Refused as refusal:
            self._turn_away(refusal, GOODBYE)

    def _turn_away(self, refusal: Refused, code: int) -> None:
        log.info("%s is turned away: %s", self._address, refusal)
        self._refuse(str(refusal))
        self._socket.end(code, "full" if code == FULL else "refused")

    def _resume(self, token: str, seen: int | None) -> None:
        if self._seat is not None:
            raise requests.BadRequest("You have entered already.")
        seat = self._service.tokens.find(token)
        if seat is None:
            elsewhere = {"elsewhere": True} if self._service.shared else {}
            self._socket.show(frame_of({"kind": "expired", **elsewhere}))
            return
        if not seat.may_return():
            self._socket.end(FULL, "coming back too often")
            return
        try:
            seat.attach(self._socket, seen, self._address, token)
        except Full as refusal:
            self._turn_away(refusal, FULL)
        else:
            self._seat = seat

    def _complain(self, problem: requests.BadRequest) -> None:
        self._problems += 1
        if self._problems > self._service.limits.max_problems:
            log.info("%s sent too many bad requests.", self._address)
            self._socket.end(TOO_MANY_PROBLEMS, "too many bad requests")
        elif self._seat is not None and self._seat.welcomed:
            self._seat.complain(problem)
        else:
            self._socket.show(frame_of({"kind": "problem", "text": str(problem)}))

    def _refuse(self, text: str) -> None:
        self._socket.show(frame_of({"kind": "refused", "text": text}))
