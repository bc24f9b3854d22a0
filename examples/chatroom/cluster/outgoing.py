"""What this node has written into feeds, until it comes back from there.

Rule of this file: sending, and knowing what is on its way; what it means is elsewhere's business.

A member's receipt is shown when all that its request brought has come back.  What members said in
rooms is stored as long as the engine is away, so that it survives this node's end too.
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
"""Ticks after which something that the engine has, and that did not come back, does not hold up a
receipt any longer: it was there already, sent again after a lost answer."""
REMEMBERED = 20_000
"""Nonces of what came last; a browser that changes the node sends a few again."""


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
    """The way into the feeds.

    Args:
        engine: Where they are.
        record: Stores what must survive.
        incarnation: This process, for nonces.
        most: Most things said in rooms that may wait.
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
        """Return how much of what was said is not acknowledged yet."""
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
            feed: Where.
            body: What.
            by: The member whose receipt waits for it.
            nonce: What its sender calls it; one is made unless given.
            state: What it changes there.
            lasting: Whether it must survive the end of this process.
            returns: Whether this node follows the feed.

        Raises:
            Full: Nothing more can wait.
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
        """Send what an earlier process has left over, as `AddWaiting` stored it.

        Raises:
            ValueError: It is damaged.
            Full: Nothing more can wait.
        """
        match json.loads(text):
            case {"feed": str(feed), "body": dict(body), "state": dict(state)}:
                self.send(feed, body, nonce=nonce, state=state, lasting=True)
                if nonce in self._sent:
                    self._sent[nonce].stored = True
            case _:
                raise ValueError("no entry")

    def came(self, nonce: str) -> None:
        """Something has come back by its feed, and took effect."""
        if not nonce:
            return
        self._came[nonce] = None
        if len(self._came) > REMEMBERED:
            del self._came[next(iter(self._came))]
        sent = self._sent.get(nonce)
        if sent is not None:
            self._finish(nonce, sent)

    def has_come(self, nonce: str) -> bool:
        """Say whether something with this nonce took effect here not long ago."""
        return nonce in self._came

    def after(self, member: Member, action: Callable[[], None]) -> None:
        """Call `action` when all that `member` has sent until now has come back."""
        mine = set(self._mine.get(member, ()))
        waiting = self._receipts.get(member)
        if not mine and not waiting:
            action()
            return
        self._receipts.setdefault(member, deque()).append(_Receipt(mine, action))

    def keep(self) -> None:
        """Store what must survive and is not acknowledged: the engine is away."""
        for nonce, sent in self._sent.items():
            self._store(nonce, sent)

    def close(self) -> None:
        """Store the same at the end, and nothing later: the file is closed then.

        What is acknowledged after this is sent again by the next process, under the same nonce.
        """
        self.keep()
        self._record = lambda write: None

    def tick(self) -> None:
        """Give up waiting for what does not come back, and for those who are gone."""
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
        if not sent.acknowledged:  # it has come back before the answer did
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
