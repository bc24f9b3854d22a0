"""Hands messages to members, one after the other.

Rule of this file: the order of delivery and what a failing outlet may do to others (nothing).

A delivery can have consequences at once: a reader whose queue is full is dropped, which makes
the hall announce that it left, which may overflow the next one.  Done by plain calls this would
nest as deep as there are slow readers, and two people could see two events in different order.
So a message posted during a delivery waits its turn: no nesting, one order for all.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable

from .members import Member
from .messages import Kind, Message

log = logging.getLogger("chatroom")


class Postbox:
    """The queue through which every message goes.

    Args:
        on_broken: Called with a member whose outlet raised an exception, and with the message
            it could not take; that member is to be removed.
    """

    def __init__(self, on_broken: Callable[[Member, Message], None]) -> None:
        self._on_broken = on_broken
        self._waiting: deque[tuple[Message, tuple[Member, ...]]] = deque()
        self._delivering = False

    def post(self, message: Message, recipients: Iterable[Member]) -> None:
        """Deliver `message` to those who are recipients now and still reachable at its turn."""
        self._waiting.append((message, tuple(recipients)))
        if self._delivering:
            return
        self._delivering = True
        try:
            while self._waiting:
                self._deliver(*self._waiting.popleft())
        finally:
            self._delivering = False

    def _deliver(self, message: Message, recipients: tuple[Member, ...]) -> None:
        last = message.kind is Kind.FAREWELL
        for member in recipients:
            if not member.reachable:
                continue
            if last:
                member.reachable = False
            try:
                member.outlet.deliver(message)
            except Exception:
                # Whatever a door does wrong, the others get their message.
                log.exception("Delivery to %s (%s) failed.", member.shown, member.address)
                self._on_broken(member, message)
