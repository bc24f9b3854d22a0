"""One connection that waits for entries of many streams.

Rule of this file: one `XREAD BLOCK` after another, and ending it early for a new stream.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from examples.redis.address import Address
from examples.redis.replies import brief
from examples.redis_client import RedisClient
from miniloop import EventLoop, TimerHandle

from .engine_options import EngineOptions
from .entries import BadReply
from .link import MOST_REPLY, EngineLink

BLOCK = 5.0
"""Seconds that the engine waits for an entry before it returns an empty reply."""

MOST_ENTRIES = 200
"""Entries of one stream in one reply."""

MOST_TOGETHER = 1000
"""Entries of all streams in one reply: at least one of each."""

INSISTING = 0.05
"""Seconds until `CLIENT UNBLOCK` is repeated: the first came before the engine began to wait."""

Take = Callable[[Any], bytes]
"""A function that takes a list of entries and returns the place of the last one."""


class StreamReader:
    """Waits for entries.

    Args:
        loop: The loop that serves it.
        link: The state of the engine, and the connection for `CLIENT UNBLOCK`.
        address: The server.
        options: Its time limits.
    """

    def __init__(
        self, loop: EventLoop, link: EngineLink, address: Address, options: EngineOptions
    ) -> None:
        self._loop = loop
        self._link = link
        self._address = address
        self._streams: dict[bytes, tuple[bytes, Take]] = {}
        self._number: int | None = None  # of the connection, for CLIENT UNBLOCK
        self._reading = False
        self._changed = False
        self._waking: TimerHandle | None = None
        self._timeout = options.timeout
        self._client = RedisClient(
            loop, address, on_ready=self._ready, on_lost=self._lost, timeout=options.timeout,
            most_reply=MOST_REPLY, first=options.first, longest=options.longest,
            uniform=options.uniform,
        )  # fmt: skip

    def __len__(self) -> int:
        """Return the number of streams."""
        return len(self._streams)

    def add(self, key: str, place: bytes, take: Take) -> None:
        """Read the stream `key` from after `place` on.

        Args:
            key: The stream.
            place: The id of the last known entry.
            take: Called with each list of entries.
        """
        self._streams[key.encode()] = (place, take)
        self._change()

    def remove(self, key: str) -> None:
        """Stop reading a stream; idempotent."""
        if self._streams.pop(key.encode(), None) is not None:
            self._change()

    def close(self) -> None:
        """Close the connection."""
        self._stop_waking()
        self._client.close()

    def _ready(self) -> None:
        self._number = None
        self._reading = False
        self._client.call("CLIENT", "ID", on_reply=self._numbered)

    def _numbered(self, reply: Any) -> None:
        if isinstance(reply, int):
            self._number = reply
            self._read()
        else:
            self._link.fail(f"CLIENT ID: {brief(reply)}")

    def _lost(self, reason: Exception) -> None:
        self._number = None
        self._link.fail(f"the connection that reads: {brief(reason)}")

    def _read(self) -> None:
        if self._reading or self._number is None or not self._streams:
            return
        self._reading, self._changed = True, False
        keys = [*self._streams]
        count = max(1, min(MOST_ENTRIES, MOST_TOGETHER // len(keys)))
        places = [self._streams[key][0] for key in keys]
        self._client.call(
            "XREAD", "COUNT", count, "BLOCK", int(BLOCK * 1000), "STREAMS", *keys, *places,
            on_reply=partial(self._answered, count), timeout=BLOCK + self._timeout,
        )  # fmt: skip

    def _answered(self, count: int, reply: Any) -> None:
        self._reading = False
        self._stop_waking()
        if isinstance(reply, Exception):
            self._link.fail(f"XREAD: {brief(reply)}")
            return
        try:
            self._take(reply, count)
        except BadReply as problem:
            self._link.fail(f"XREAD: {problem}")
            return
        self._read()

    def _take(self, reply: Any, count: int) -> None:
        if reply is None:
            return
        if not isinstance(reply, dict):
            raise BadReply("no streams")
        for key, items in reply.items():
            if not isinstance(items, list) or not 0 < len(items) <= count:
                raise BadReply("no list of entries, or too long a one")
            known = self._streams.get(key)
            if known is not None:  # else it was removed meanwhile
                place = known[1](items)
                if key in self._streams:
                    self._streams[key] = (place, known[1])

    # Unblocking

    def _change(self) -> None:
        """End the running read, once for all changes of a pass."""
        if not self._reading:
            self._loop.call_soon(self._read)
        elif not self._changed:
            self._changed = True
            self._loop.call_soon(self._wake)

    def _wake(self) -> None:
        if self._reading and self._changed and self._number is not None and self._link.up:
            client = self._link.cluster.at(self._address)
            client.call("CLIENT", "UNBLOCK", self._number)
            self._stop_waking()
            self._waking = self._loop.call_later(INSISTING, self._wake)

    def _stop_waking(self) -> None:
        if self._waking is not None:
            self._waking.cancel()
            self._waking = None
