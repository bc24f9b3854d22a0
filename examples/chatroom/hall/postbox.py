"""Delivers events to members, one after the other, in one order for all.

Rule of this file: the order of delivery; a failing outlet has no effect on other members.

A delivery can have immediate consequences: a reader whose queue is full is dropped, so the hall
announces that it left, which may overflow the next queue.  Direct calls would nest as deep as there
are slow readers, and two members could see two events in different orders.  So everything goes
through one queue.  The same queue guarantees that a message is shown only when it is stored: it
waits at the head until the ledger has settled it, and everything else waits behind it.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from .history import Write
from .ledger import Fate, Ledger
from .members import Member
from .messages import LAST_WORDS, Event, Message

log = logging.getLogger("chatroom")

Showing: TypeAlias = Event | Callable[[Fate], Event | None]
"""An event, or a function that makes it at its turn from the result of its write; None shows
nothing."""


@dataclass(slots=True)
class _Letter:
    showing: Showing
    recipients: tuple[Member, ...]
    fate: Fate | None  # None until the store has answered


class Postbox:
    """The queue through which every event goes.

    Args:
        ledger: Stores what must be stored.
        on_broken: Called with a member whose outlet raised an exception; it is to be removed.
    """

    def __init__(self, ledger: Ledger, on_broken: Callable[[Member], None]) -> None:
        self._ledger = ledger
        self._on_broken = on_broken
        self._letters: deque[_Letter] = deque()
        self._delivering = False

    def __len__(self) -> int:
        """Return the number of queued events."""
        return len(self._letters)

    def post(
        self, showing: Showing, recipients: Iterable[Member], write: Write | None = None
    ) -> None:
        """Queue an event for those that are recipients now and still reachable at its turn.

        Args:
            showing: The event, or a function that makes it.
            recipients: The recipients.
            write: What must be stored before it is shown.
        """
        letter = _Letter(showing, tuple(recipients), None if write else Fate.STORED)
        self._letters.append(letter)
        if write is not None:
            self._ledger.add(write, partial(self._settle, letter))
        self._deliver_all()

    def _settle(self, letter: _Letter, fate: Fate) -> None:
        letter.fate = fate
        self._deliver_all()

    def _deliver_all(self) -> None:
        if self._delivering:
            return
        self._delivering = True
        try:
            while self._letters and self._letters[0].fate is not None:
                letter = self._letters.popleft()
                self._deliver(letter, letter.fate or Fate.STORED)
        finally:
            self._delivering = False

    def _deliver(self, letter: _Letter, fate: Fate) -> None:
        event = letter.showing(fate) if callable(letter.showing) else letter.showing
        if event is None:
            return
        last = isinstance(event, Message) and event.kind in LAST_WORDS
        for member in letter.recipients:
            if not member.reachable:
                continue
            if last:
                member.reachable = False
            try:
                member.outlet.deliver(event)
            except Exception:
                # An error in one door must not affect the other recipients.
                log.exception("Delivery to %s (%s) failed.", member.shown, member.address)
                self._on_broken(member)
