"""Entries of this node that are published and have not returned by the feeds yet.

Rule of this file: sending, and tracking what is in flight; other modules interpret it.

A member's receipt is shown when all effects of its request have returned.  Messages in
rooms are stored while the engine is away, so that they survive the end of this node too.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from ..hall.history import AddWaiting, ForgetWaiting, Write
from ..hall.members import Member
from .interface import NOTHING, Body, Engine, Full

PATIENCE = 3
"""Ticks after which an acknowledged entry that did not return stops delaying a
receipt: it was in the feed before, sent again after a lost answer."""
REMEMBERED = 20_000
"""Recent nonces; a browser that changes the node sends some of them again."""


@dataclass(eq=False, slots=True)
class _Sent:
    feed: str
    body: Body
    state: Mapping[str, Body | None]
    by: Member | None
    lasting: bool
    returns: bool
    stored: bool = False
    acknowledged: bool = False
    ticks: int = 0


@dataclass(eq=False, slots=True)
class _Receipt:
    open: set[str]
    action: Callable[[], None] = field(repr=False)


class Outgoing:
    """The queue of entries to publish.

    Args:
        engine: The engine.
        record: Stores what must survive.
        incarnation: This process, for nonces.
        most: The maximum number of pending room messages.
    """

    def __init__(
        self, engine: Engine, record: Callable[[Write], None], incarnation: str, most: int
    ) -> None:
        self._engine = engine
        self._record = record
        self._incarnation = incarnation
        self._most = most
        self._count = 0
        self._sent: dict[str, _Sent] = {}
        self._lasting = 0
        self._mine: dict[Member, set[str]] = {}
        self._receipts: dict[Member, deque[_Receipt]] = {}
        self._came: dict[str, None] = {}

    def __len__(self) -> int:
        """Return how many room messages are not acknowledged yet."""
        return self._lasting

    def send(
        self,
        feed: str,
        body: Body,
        *,
        by: Member | None = None,
        nonce: str = "",
        state: Mapping[str, Body | None] = NOTHING,
        lasting: bool = False,
        returns: bool = True,
    ) -> None:
        """Add `body` to `feed`, once however often it is sent.

        Args:
            feed: The feed.
            body: The body of the entry.
            by: The member whose receipt waits for it.
            nonce: The sender's identifier; generated if missing.
            state: The changes to the feed's state.
            lasting: Whether it must survive the end of this process.
            returns: Whether this node follows the feed.

        Raises:
            Full: The queue is full.
        """
        if nonce and (nonce in self._sent or nonce in self._came):
            return
        if lasting and self._lasting >= self._most:
            raise Full
        nonce = nonce or self._next()
        sent = _Sent(feed, body, state, by, lasting, returns)
        done = partial(self._acknowledged, nonce)
        self._add(nonce, sent)
        try:
            self._engine.publish(feed, body, nonce=nonce, state=state, done=done)
        except Full:
            sent.stored = False
            self._finish(nonce, sent)
            raise
        if not self._engine.up:
            self._store(nonce, sent)

    def send_again(self, nonce: str, text: str) -> None:
        """Send an entry that an earlier process left over, as `AddWaiting` stored it.

        Raises:
            ValueError: It is damaged.
            Full: The queue is full.
        """
        match json.loads(text):
            case {"feed": str(feed), "body": dict(body), "state": dict(state)}:
                self.send(feed, body, nonce=nonce, state=state, lasting=True)
                if nonce in self._sent:
                    self._sent[nonce].stored = True
            case _:
                raise ValueError("no entry")

    def came(self, nonce: str) -> None:
        """Note an entry that has returned by its feed and has taken effect."""
        if not nonce:
            return
        self._came[nonce] = None
        if len(self._came) > REMEMBERED:
            del self._came[next(iter(self._came))]
        sent = self._sent.get(nonce)
        if sent is not None:
            self._finish(nonce, sent)

    def has_come(self, nonce: str) -> bool:
        """Return whether an entry with this nonce took effect here recently."""
        return nonce in self._came

    def after(self, member: Member, action: Callable[[], None]) -> None:
        """Call `action` when all that `member` has sent until now has returned."""
        mine = set(self._mine.get(member, ()))
        waiting = self._receipts.get(member)
        if not mine and not waiting:
            action()
            return
        self._receipts.setdefault(member, deque()).append(_Receipt(mine, action))

    def keep(self) -> None:
        """Store unacknowledged entries that must survive: the engine is away."""
        for nonce, sent in self._sent.items():
            self._store(nonce, sent)

    def close(self) -> None:
        """Store the same at the end, and nothing later: the file is closed then.

        Entries acknowledged after this are sent again by the next process, with the same nonce.
        """
        self.keep()
        self._record = lambda write: None

    def tick(self) -> None:
        """Stop waiting for entries that do not return, and for members that have left."""
        for nonce, sent in tuple(self._sent.items()):
            sent.ticks += sent.acknowledged
            if sent.ticks > PATIENCE:
                self._finish(nonce, sent)
        for member in [each for each in self._receipts if not each.present]:
            del self._receipts[member]

    def _next(self) -> str:
        self._count += 1
        return f"{self._incarnation}.{self._count}"

    def _add(self, nonce: str, sent: _Sent) -> None:
        self._sent[nonce] = sent
        self._lasting += sent.lasting
        if sent.by is not None:
            self._mine.setdefault(sent.by, set()).add(nonce)

    def _store(self, nonce: str, sent: _Sent) -> None:
        if sent.lasting and not sent.stored and not sent.acknowledged:
            sent.stored = True
            kept = {"feed": sent.feed, "body": dict(sent.body), "state": dict(sent.state)}
            self._record(AddWaiting(nonce, json.dumps(kept)))

    def _acknowledged(self, nonce: str) -> None:
        sent = self._sent.get(nonce)
        if sent is None or sent.acknowledged:
            return
        self._acknowledge(nonce, sent)
        if not sent.returns:
            self._finish(nonce, sent)

    def _acknowledge(self, nonce: str, sent: _Sent) -> None:
        sent.acknowledged = True
        self._lasting -= sent.lasting
        if sent.stored:
            self._record(ForgetWaiting(nonce))

    def _finish(self, nonce: str, sent: _Sent) -> None:
        if not sent.acknowledged:  # it has returned before the acknowledgement arrived
            self._acknowledge(nonce, sent)
        if self._sent.pop(nonce, None) is not None and sent.by is not None:
            self._settle(sent.by, nonce)

    def _settle(self, member: Member, nonce: str) -> None:
        mine = self._mine[member]
        mine.discard(nonce)
        if not mine:
            del self._mine[member]
        receipts = self._receipts.get(member, deque())
        for each in receipts:
            each.open.discard(nonce)
        while receipts and not receipts[0].open:
            receipts.popleft().action()
        if not receipts:
            self._receipts.pop(member, None)
