"""The queue to the store: one commit for everything from one pass of the loop.

Rule of this file: when to write, and what to do when the disk is full or locked; the postbox
decides the order in which events are shown, and to which members.

While a commit is running the next batch is collected, so a slow disk makes commits larger, not more
frequent.  If a commit fails, the chat continues: writes are held here, in order, and retried from
`tick`; until then everything new is shown at once, and marked as not kept.

A commit that does not end is in doubt: it may still succeed.  The chat continues in the same way,
and nothing else is written before the store has answered.
"""

from __future__ import annotations

import enum
import logging
from collections.abc import Callable
from typing import TypeAlias

from .history import AddMessage, Store, Write, Written

log = logging.getLogger("chatroom")

RETRY = 5.0  # seconds between retries; each one on a locked file occupies its thread for a second
RETRY_BATCH = 500
PATIENCE = 5.0
"""Seconds that a commit may take; a healthy disk needs some hundredths, a busy one a second."""

HANGS = "the disk does not answer"


class Fate(enum.Enum):
    """The result of a write."""

    STORED = "stored"
    REPEATED = "repeated"  # it was stored before: a message sent again after a lost answer
    HELD = "held"  # not stored; kept in memory until the store works again


Settle: TypeAlias = Callable[[Fate], None]


class Ledger:
    """The queue to the store.

    Args:
        store: The store.
        defer: Schedules a function for the end of the pass; ``loop.call_soon``.
        announce: Called with one sentence when the store fails and when it works again.
        most: Most messages held while the store fails, and twice as many with other writes; further
            ones are shown and lost.

    Attributes:
        problem: Why the store fails, as half a sentence; empty while it works.
    """

    def __init__(
        self,
        store: Store,
        defer: Callable[[Callable[[], None]], object],
        announce: Callable[[str], None],
        most: int,
    ) -> None:
        self.problem = ""
        self._store = store
        self._defer = defer
        self._announce = announce
        self._gathering: list[tuple[Write, Settle]] = []
        self._writing: list[tuple[Write, Settle]] = []
        self._held: list[Write] = []
        self._most = most
        self._lost = 0
        self._retrying = 0
        self._next_try = 0.0
        self._doubtful: list[Write] = []  # shown already; may still be stored
        self._since: float | None = None  # when a tick first saw the current commit

    def __len__(self) -> int:
        """Return the number of writes that are not stored yet."""
        waiting = len(self._gathering) + len(self._writing)
        return waiting + len(self._doubtful) + len(self._held)

    @property
    def caution(self) -> str:
        """A sentence about the store for members that come in; empty if it works."""
        if not self.problem:
            return ""
        return (
            f"The history cannot be written: {self.problem}. What is said from now on is shown, "
            "but lost if the server ends before this is mended."
        )

    def add(self, write: Write, settle: Settle) -> None:
        """Store `write` with the next commit, and call `settle` with the result."""
        if self.problem:
            self._hold(write)
            settle(Fate.HELD)
            return
        self._gathering.append((write, settle))
        if len(self._gathering) == 1 and not self._writing:
            self._defer(self.flush)

    def flush(self) -> None:
        """Start the next commit, unless one is running: the end of that one starts it."""
        if self._gathering and not self._writing:
            self._writing, self._gathering, self._since = self._gathering, [], None
            self._store.write([write for write, _ in self._writing], self._written)

    def tick(self, now: float) -> None:
        """Retry the held writes if it is time; `now` in seconds, monotonic."""
        if self._writing:
            self._since = now if self._since is None else self._since
            if now - self._since >= PATIENCE:
                self._doubt()
        elif self.problem and not self._retrying and not self._doubtful and now >= self._next_try:
            self._next_try = now + RETRY
            self._retry()

    def _doubt(self) -> None:
        """Continue without the commit that does not end."""
        batch, self._writing = self._writing, []
        self._doubtful = [write for write, _ in batch]
        self._begin_trouble(HANGS, batch)

    def _resolve(self, written: Written) -> None:
        """Handle the late result of the commit that was in doubt."""
        doubtful, self._doubtful = self._doubtful, []
        if written.problem:
            self.problem = written.problem
            self._held[:0] = doubtful
        elif self._held:
            self._retry()
        else:
            self._recover()

    def _written(self, written: Written) -> None:
        if written.note:
            self._announce(written.note)
        if self._doubtful:
            self._resolve(written)
            return
        batch, self._writing = self._writing, []
        if written.problem:
            self._fail(batch, written.problem)
            return
        for write, settle in batch:
            settle(_fate(write, written))
        self.flush()

    def _fail(self, batch: list[tuple[Write, Settle]], problem: str) -> None:
        for write, _ in batch:
            self._hold(write)
        self._begin_trouble(problem, batch)

    def _begin_trouble(self, problem: str, batch: list[tuple[Write, Settle]]) -> None:
        """Announce the failure, and settle everything pending; `batch` is held already."""
        log.error("The history cannot be written: %s.", problem)
        self.problem = problem
        gathering, self._gathering = self._gathering, []
        for write, _ in gathering:
            self._hold(write)
        self._announce(self.caution)
        for _, settle in batch + gathering:  # may cause new writes, which come after these
            settle(Fate.HELD)

    def _hold(self, write: Write) -> None:
        """Hold `write`; messages use at most half of the places, the rest is for bans and locks."""
        most = self._most if isinstance(write, AddMessage) else 2 * self._most
        if len(self._held) < most:
            self._held.append(write)
        else:
            self._lost += 1

    def _retry(self) -> None:
        batch = self._held[:RETRY_BATCH]
        self._retrying = len(batch)
        self._store.write(batch, self._retried)

    def _retried(self, written: Written) -> None:
        if written.note:
            self._announce(written.note)
        count, self._retrying = self._retrying, 0
        if written.problem:
            self.problem = written.problem
            return
        del self._held[:count]
        if self._held:
            self._retry()
        else:
            self._recover()

    def _recover(self) -> None:
        lost, self._lost, self.problem = self._lost, 0, ""
        log.warning("The history can be written again; %d of what was held up is lost.", lost)
        exception = f", but for {lost} messages" if lost else ""
        self._announce(f"The history can be written again; nothing is lost{exception}.")


def _fate(write: Write, written: Written) -> Fate:
    repeated = isinstance(write, AddMessage) and write.message.id in written.repeated
    return Fate.REPEATED if repeated else Fate.STORED
