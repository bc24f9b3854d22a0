"""One feed that this node follows: its position, and the next step.

Rule of this file: from the engine's replies to a `Reader`, in order, each entry once.

```text
WAITING ── the engine is there ──> ASKING (position) ──> READING
   ^                                  │ lost data, or the first time      │ gap
   │                                  v                                   │
   └── the engine is away ──      CATCHING UP (snapshot, pages) <─────────┘
```
"""

from __future__ import annotations

import enum
import logging
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from miniloop import EventLoop

from .engine_options import EngineOptions
from .entries import BadEntry, BadReply, Raw, parse_position, parse_range, parse_state
from .interface import Body, Entry, Reader, Snapshot
from .link import EngineLink
from .scripts import SNAPSHOT

log = logging.getLogger("chatroom")

PAGE = 500
"""Entries that are fetched at once when catching up; other work runs between two pages."""

MOST_COMPLAINTS = 20
"""Invalid entries of a feed that are logged; all are counted."""

BEGINNING = b"0-0"


class Stage(enum.Enum):
    """The stage of a followed feed; set by `Followed._become()` alone."""

    WAITING = "waiting"
    ASKING = "asking"
    CATCHING_UP = "catching up"
    READING = "reading"


class Followed:
    """A feed that is followed.

    Args:
        loop: The loop that serves it.
        link: The way to the engine.
        options: Its limits.
        feed: The feed.
        reader: The recipient.
        since: The time of the last entry that the reader has already; None if there is none.
        on_stage: Called with this object when it starts or stops reading.

    Attributes:
        feed: As given.
        at: The time of the last entry that the reader has, or 0.
        newest: The latest time ever seen; an engine that lost data goes back, and new
            entries must still be later than those that were read before.
        place: The id in the stream that corresponds to it, or that of a skipped entry.
        seq: Its number; None before the first snapshot.
        stage: The present stage.
        senseless: The number of invalid entries.
    """

    def __init__(
        self,
        loop: EventLoop,
        link: EngineLink,
        options: EngineOptions,
        feed: str,
        reader: Reader,
        since: int | None,
        on_stage: Callable[[Followed], None],
        on_snapshot: Callable[[Snapshot], None],
        on_entry: Callable[[Entry], None],
    ) -> None:
        self.feed = feed
        self.at = self.newest = since or 0
        self.place = b"%d-0" % self.at
        self.seq: int | None = None
        self.stage = Stage.WAITING
        self.senseless = 0
        self._loop = loop
        self._link = link
        self._reader = reader
        self._since = since
        self._on_stage = on_stage
        self._on_snapshot, self._on_entry = on_snapshot, on_entry
        self._stream, self._state = options.keys.stream(feed), options.keys.state(feed)
        self._most = options.most_entries
        self._turn = 0

    @property
    def stream(self) -> str:
        """The key of the entries."""
        return self._stream

    def begin(self) -> None:
        """Request the position of the feed: the engine is available."""
        if self.seq is None:
            self._ask_snapshot()
            return
        self._become(Stage.ASKING)
        self._call(self._positioned, "HMGET", self._state, ".last", ".seq")

    def pause(self) -> None:
        """Stop: the engine is away, or the feed is not followed any more."""
        self._become(Stage.WAITING)

    # Asking, and catching up

    def _call(self, on_reply: Callable[[Any], None], *words: str | int | bytes) -> None:
        answered = partial(self._answered, self._turn, on_reply)
        self._link.call(*words, key=self._stream, on_reply=answered)

    def _answered(self, turn: int, on_reply: Callable[[Any], None], reply: Any) -> None:
        """Handle an answer, unless it belongs to an earlier request."""
        if turn != self._turn or isinstance(reply, Exception):
            return
        try:
            on_reply(reply)
        except BadReply as problem:
            self._link.fail(f"an answer about a feed: {problem}")

    def _positioned(self, reply: Any) -> None:
        at, seq = parse_position(reply)
        assert self.seq is not None
        if at < self.at or seq < self.seq or (at == self.at) != (seq == self.seq):
            log.warning("The engine has lost entries of the feed %.100r.", self.feed)
            self._ask_snapshot()
        else:
            self._become(Stage.READING)

    def _ask_snapshot(self) -> None:
        self._become(Stage.CATCHING_UP)
        answered = partial(self._answered, self._turn, self._pictured)
        keys = [self._stream, self._state]
        SNAPSHOT.run(self._link.call, keys, [self._most, 0], answered)

    def _pictured(self, reply: Any) -> None:
        at, seq = parse_position(reply)
        if not isinstance(reply, list) or len(reply) != 3:
            raise BadReply("no snapshot")
        state, bad = parse_state(reply[2])
        if bad:
            log.warning("%d values of the state of %.100r make no sense.", bad, self.feed)
        _CatchUp(self, at, seq, state, self._since, self.seq).ask()

    def caught_up(self, snapshot: Snapshot) -> None:
        """Start reading: everything up to the snapshot has arrived."""
        self.at = self._since = snapshot.at
        self.newest = max(self.newest, self.at)
        self.place = b"%d-0" % snapshot.at
        self.seq = snapshot.seq
        self._become(Stage.READING)
        self._tell(self._on_snapshot, snapshot)
        self._tell(self._reader.snapshot, snapshot)

    # Reading

    def take(self, items: Any) -> bytes:
        """Handle the entries read; return the place of the last one.

        Raises:
            BadReply: It is invalid.
        """
        for raw in parse_range(items, self.place, len(items)):
            if self.stage is not Stage.READING:
                break
            self._take(raw)
        return self.place

    def _take(self, raw: Raw) -> None:
        entry = self.parse(raw)
        if entry is not None and entry.seq != (self.seq or 0) + 1:
            log.warning("Entries of the feed %.100r are gone.", self.feed)
            self._ask_snapshot()
            return
        self.place, self.at = raw.place, raw.at
        self.newest = max(self.newest, self.at)
        if entry is not None:
            self._since, self.seq = entry.at, entry.seq
            self._tell(self._on_entry, entry)
            self._tell(self._reader.entry, entry)

    def parse(self, raw: Raw) -> Entry | None:
        """Return the entry; None for an invalid one, which is logged."""
        try:
            return raw.entry(self.feed)
        except BadEntry as problem:
            self.senseless += 1
            if self.senseless <= MOST_COMPLAINTS:
                log.warning("An entry of the feed %.100r is left out: %s.", self.feed, problem)
            return None

    def ask_page(self, start: str, end: str, on_reply: Callable[[Any], None]) -> None:
        """Fetch entries of the stream."""
        self._call(on_reply, "XRANGE", self._stream, start, end, "COUNT", PAGE)

    @property
    def most(self) -> int:
        """Return the limit of entries kept when catching up: the limit of the stream, rounded."""
        return self._most + 1000

    def _tell(self, handler: Callable[[Any], None], what: Any) -> None:
        """Call the reader; its exceptions are logged, and the feed continues."""
        try:
            handler(what)
        except Exception:
            log.exception("What follows the feed %.100r has failed.", self.feed)

    def _become(self, stage: Stage) -> None:
        self._turn += 1
        self.stage = stage
        self._on_stage(self)


class _CatchUp:
    """Fetches the entries between the known ones and a snapshot, page by page.

    The page begins with the last known entry, if the stream still has it: then no entry
    after it is missing.
    """

    def __init__(
        self,
        followed: Followed,
        at: int,
        seq: int,
        state: dict[str, Body],
        since: int | None,
        known: int | None,
    ) -> None:
        self._followed = followed
        self._at, self._seq, self._state = at, seq, state
        self._since = since
        self._whole = since is None or since <= at
        self._reached = not since  # whether the beginning was reached
        self._past: deque[Entry] = deque(maxlen=followed.most)
        self._place = b"%d-0" % (min(since, at) - 1) if since and at else BEGINNING
        self._last_seq: int | None = 0 if not since else None
        if since and since == at and known == seq:
            self._reached, self._place = True, b"%d-0" % at

    def ask(self) -> None:
        """Fetch the next page, or finish."""
        if int(self._place.partition(b"-")[0]) >= self._at:
            self._finish()
            return
        start = f"({self._place.decode()}"
        self._followed.ask_page(start, f"{self._at}-0", self._take)

    def _take(self, reply: Any) -> None:
        count = 0
        for raw in parse_range(reply, self._place, PAGE):
            count += 1
            self._place = raw.place
            if raw.at > self._at:
                raise BadReply("an entry behind the end")
            self._add(raw)
        if count < PAGE:
            self._finish()
        else:
            self.ask()

    def _add(self, raw: Raw) -> None:
        first, self._reached = not self._reached, True
        if first and raw.at != self._since:
            self._whole = False  # the stream does not reach back that far
        entry = self._followed.parse(raw)
        if entry is None:
            return
        if self._last_seq is not None and entry.seq != self._last_seq + 1:
            self._whole = False
        self._last_seq = entry.seq
        if not self._since or entry.at > self._since:
            if len(self._past) == self._past.maxlen:
                self._whole = False
            self._past.append(entry)

    def _finish(self) -> None:
        if self._last_seq is not None and self._last_seq != self._seq:
            self._whole = False  # the newest entries are missing from the stream
        if self._since and not self._reached:
            self._whole = False
        followed, past = self._followed, tuple(self._past)
        followed.caught_up(
            Snapshot(followed.feed, self._at, self._seq, self._state, past, self._whole)
        )
