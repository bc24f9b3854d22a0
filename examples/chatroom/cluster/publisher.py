"""Publishing entries to feeds: in order, and each once.

Rule of this file: for each feed one batch is in flight, and the next one is collected meanwhile.

A batch is kept, and is sent again with the same nonces, until the engine has acknowledged it.
So the order within a feed holds despite lost answers, time limits and an engine that refuses.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from miniloop import EventLoop

from .engine_options import EngineOptions
from .entries import LONGEST_NONCE, pack_body
from .interface import NOTHING, Body, Full, ignore
from .keys import check_feed
from .link import EngineLink
from .scripts import PUBLISH

MOST_AT_ONCE = 100
"""Entries of one batch: the engine is blocked meanwhile, for about 2 ms."""

MOST_BATCH = 256 << 10
"""Bytes of one batch; a single entry may have more."""

OWN = "."
"""The prefix of nonces that were made here: only the engine uses them."""


@dataclass(eq=False, slots=True)
class _Item:
    body: Body
    packed: bytes
    nonce: str
    own: str
    state: Mapping[str, Body | None]
    changes: tuple[tuple[str, bytes], ...]
    done: Callable[[], None]

    @property
    def size(self) -> int:
        return len(self.packed) + sum(len(field) + len(value) for field, value in self.changes)


@dataclass(eq=False, slots=True)
class _Queue:
    items: deque[_Item] = field(default_factory=deque)
    sent: int = 0


class Publisher:
    """Publishes entries to feeds.

    Args:
        loop: The loop that serves it.
        link: The way to the engine.
        options: Its limits.
        incarnation: This process, for nonces.
        seen: Returns the latest known time of a feed: new entries get a later one.
    """

    def __init__(
        self,
        loop: EventLoop,
        link: EngineLink,
        options: EngineOptions,
        incarnation: str,
        seen: Callable[[str], int],
    ) -> None:
        self._loop = loop
        self._link = link
        self._options = options
        self._keys = options.keys
        self._incarnation = incarnation
        self._seen = seen
        self._queues: dict[str, _Queue] = {}
        self._count = 0
        self._waiting = self._bytes = 0

    def __len__(self) -> int:
        """Return how many entries are not acknowledged."""
        return self._waiting

    def publish(
        self,
        feed: str,
        body: Body,
        *,
        nonce: str = "",
        state: Mapping[str, Body | None] = NOTHING,
        done: Callable[[], None] = ignore,
    ) -> None:
        """Queue an entry behind the pending ones of this feed; see `Feeds.publish()`."""
        check_feed(feed)
        item = self._item(body, nonce, state, done)
        if self._waiting >= self._options.most_waiting:
            raise Full(f"{self._waiting} entries wait for the engine")
        if self._bytes + item.size > self._options.most_bytes:
            raise Full(f"{self._bytes} bytes of entries wait for the engine")
        self._waiting += 1
        self._bytes += item.size
        queue = self._queues.setdefault(feed, _Queue())
        queue.items.append(item)
        if len(queue.items) == 1:
            self._loop.call_soon(self._pump, feed)

    def pending(self, feed: str) -> list[tuple[Body, str, Mapping[str, Body | None]]]:
        """Return the body, the nonce and the state of each unacknowledged entry, in order."""
        queue = self._queues.get(feed, _Queue())
        return [(item.body, item.nonce, item.state) for item in queue.items]

    def resume(self) -> None:
        """Send the pending entries: the engine is available."""
        for feed in tuple(self._queues):
            self._pump(feed)

    def _item(
        self, body: Body, nonce: str, state: Mapping[str, Body | None], done: Callable[[], None]
    ) -> _Item:
        if len(nonce) > LONGEST_NONCE or not nonce.isascii():
            raise ValueError(f"a nonce has at most {LONGEST_NONCE} ASCII characters")
        if any(not name or name.startswith(".") for name in state):
            raise ValueError("a field of the state has a name, which begins with no dot")
        changes = tuple(
            (name, b"" if value is None else pack_body(value)) for name, value in state.items()
        )
        self._count += 1
        own = nonce or f"{OWN}{self._incarnation}.{self._count}"
        return _Item(body, pack_body(body), nonce, own, state, changes, done)

    def _pump(self, feed: str) -> None:
        """Send the next batch of a feed, unless one is in flight."""
        queue = self._queues.get(feed)
        if queue is None or queue.sent or not self._link.up:
            return
        batch = _batch(queue.items)
        queue.sent = len(batch)
        dedup = [self._keys.dedup(feed, item.own) for item in batch]
        keys = [self._keys.stream(feed), self._keys.state(feed), *dedup]
        arguments: list[str | int | bytes] = [
            self._options.most_entries, self._seen(feed), int(self._options.remembered * 1000),
        ]  # fmt: skip
        for item in batch:
            arguments += [item.nonce, item.packed, len(item.changes)]
            arguments += [each for change in item.changes for each in change]
        PUBLISH.run(self._link.call, keys, arguments, partial(self._answered, feed, queue))

    def _answered(self, feed: str, queue: _Queue, reply: Any) -> None:
        sent, queue.sent = queue.sent, 0
        if isinstance(reply, Exception):
            return  # the link has ended; all of it is sent again when it is up
        if isinstance(reply, bool) or not isinstance(reply, int) or not 0 <= reply <= sent:
            self._link.fail("a senseless answer to a publication")
            return
        done = [queue.items.popleft() for _ in range(sent)]
        self._waiting -= sent
        self._bytes -= sum(item.size for item in done)
        if queue.items:
            self._pump(feed)
        else:
            del self._queues[feed]
        for item in done:
            if item.done is not ignore:
                self._loop.call_soon(item.done)


def _batch(items: deque[_Item]) -> list[_Item]:
    batch: list[_Item] = []
    size = 0
    for item in items:
        size += item.size
        if batch and (len(batch) == MOST_AT_ONCE or size > MOST_BATCH):
            break
        batch.append(item)
    return batch
