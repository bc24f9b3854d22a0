"""All feeds that this node follows, and the connections that wait for their entries.

Rule of this file: which feed is read on which connection.

A single server needs one connection for all feeds.  A Redis Cluster replies about streams of one
slot only, so there is one connection for each tag of the keys.
"""

from __future__ import annotations

from collections.abc import Callable

from examples.redis.address import Address
from miniloop import EventLoop

from .engine_options import EngineOptions
from .followed import Followed, Stage
from .interface import Entry, Reader, Snapshot
from .keys import check_feed
from .link import EngineLink
from .stream_reader import StreamReader

Place = tuple[Address, str]
"""A server, and the tag of the keys that are read there; empty for all."""


class Follower:
    """Follows feeds.

    Args:
        loop: The loop that serves it.
        link: The way to the engine.
        options: Its limits.
        on_snapshot: Called with each snapshot, before its reader.
        on_entry: Called with each entry, before its reader.
    """

    def __init__(
        self,
        loop: EventLoop,
        link: EngineLink,
        options: EngineOptions,
        *,
        on_snapshot: Callable[[Snapshot], None],
        on_entry: Callable[[Entry], None],
    ) -> None:
        self._loop = loop
        self._link = link
        self._options = options
        self._on_snapshot, self._on_entry = on_snapshot, on_entry
        self._feeds: dict[str, Followed] = {}
        self._readers: dict[Place, StreamReader] = {}
        self._places: dict[str, Place] = {}  # of the feeds that are being read

    @property
    def feeds(self) -> tuple[str, ...]:
        """Return the followed feeds."""
        return tuple(self._feeds)

    @property
    def senseless(self) -> int:
        """Return the number of invalid entries in the followed feeds."""
        return sum(each.senseless for each in self._feeds.values())

    def seen(self, feed: str) -> int:
        """Return the latest time of a received entry of `feed`, 0 for none."""
        followed = self._feeds.get(feed)
        return 0 if followed is None else followed.newest

    def behind(self) -> int:
        """Return how many feeds are not up to date."""
        return sum(each.stage is not Stage.READING for each in self._feeds.values())

    def follow(self, feed: str, reader: Reader, since: int | None) -> None:
        """Follow a feed; see `Feeds.follow()`."""
        check_feed(feed)
        self.unfollow(feed)
        followed = self._feeds[feed] = Followed(
            self._loop, self._link, self._options, feed, reader, since, self._changed,
            self._on_snapshot, self._on_entry,
        )  # fmt: skip
        if self._link.up:
            followed.begin()

    def unfollow(self, feed: str) -> None:
        """Stop following a feed; idempotent."""
        followed = self._feeds.pop(feed, None)
        if followed is not None:
            followed.pause()

    def resume(self) -> None:
        """Start reading: the engine is available."""
        for followed in tuple(self._feeds.values()):
            followed.begin()

    def pause(self) -> None:
        """Stop reading: the engine is away, and its connections may be broken."""
        for followed in tuple(self._feeds.values()):
            followed.pause()
        for reader in self._readers.values():
            reader.close()
        self._readers.clear()

    def _changed(self, followed: Followed) -> None:
        """Start or stop reading the stream of a feed."""
        place = self._places.pop(followed.feed, None)
        reader = None if place is None else self._readers.get(place)
        if reader is not None and place is not None:
            reader.remove(followed.stream)
            if not len(reader) and self._link.cluster.sharded:
                reader.close()
                del self._readers[place]
        if followed.stage is Stage.READING:
            place = self._places[followed.feed] = self._place(followed)
            self._reader(place).add(followed.stream, followed.place, followed.take)

    def _place(self, followed: Followed) -> Place:
        cluster = self._link.cluster
        tag = self._options.keys.tag(followed.feed) if cluster.sharded else ""
        return cluster.address_of(followed.stream), tag

    def _reader(self, place: Place) -> StreamReader:
        reader = self._readers.get(place)
        if reader is None:
            reader = StreamReader(self._loop, self._link, place[0], self._options)
            self._readers[place] = reader
        return reader
