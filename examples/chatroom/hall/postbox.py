"""Hands events to members, one after the other, in one order for all.

Rule of this file: the order of delivery, and what a failing outlet may do to others (nothing).

A delivery can have consequences at once: a reader whose queue is full is dropped, which makes the
hall announce that it left, which may overflow the next one.  Done by plain calls this would nest
as deep as there are slow readers, and two people could see two events in different order.  So
everything goes through one queue.  The same queue keeps the promise that a message is shown only
when it is stored: it waits at the head until the ledger has settled it, and all else waits behind.
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
"""An event, or what makes it when its turn has come, knowing what became of its write; None is
nothing to show."""


@dataclass(slots=True)
class _Letter:
    showing: Showing
    recipients: tuple[Member, ...]
    fate: Fate | None  # None as long as the store has not answered


class Postbox:
    """The queue through which every event goes.

    Args:
        ledger: Where what must be stored is stored.
        on_broken: Called with a member whose outlet raised an exception; it is to be removed.
    """

    def __init__(self, ledger: Ledger, on_broken: Callable[[Member], None]) -> None:
        self._ledger = ledger
        self._on_broken = on_broken
        self._letters: deque[_Letter] = deque()
        self._delivering = False

    def __len__(self) -> int:
        """Return how many events wait for their turn."""
        return len(self._letters)

    def post(
        self, showing: Showing, recipients: Iterable[Member], write: Write | None = None
    ) -> None:
        """Deliver to those who are recipients now and still reachable at its turn.

        Args:
            showing: The event, or what makes it.
            recipients: To whom.
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
                # Whatever a door does wrong, the others get their message.
                log.exception("Delivery to %s (%s) failed.", member.shown, member.address)
                self._on_broken(member)
