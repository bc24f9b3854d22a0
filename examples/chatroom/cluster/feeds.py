"""The engine as a node of the cluster uses it: feeds, names, and nodes.

Rule of this file: assemble the parts; each part has a file of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from miniloop import EventLoop

from .clearing import Clearing
from .engine_options import EngineOptions
from .figures import ClusterFigures
from .follower import Follower
from .interface import (
    NOTHING,
    Alike,
    Away,
    Body,
    Entry,
    Granted,
    NameClaim,
    Reader,
    Snapshot,
    Taken,
    TooMany,
    Watcher,
    ignore,
)
from .keys import check_word
from .leaving import Leaving
from .link import EngineLink
from .names import Names
from .nodes import HALL, Nodes
from .publisher import Publisher
from .room_numbers import RoomNumbers

_MEMBER = re.compile(r"member/([\w.-]{1,64})/\d+", re.ASCII)


class Feeds:
    """The complete interface of a node to the engine.

    Args:
        loop: The loop that serves it.
        options: The engine and the limits.
        node: This node's name, the same after a restart.
        incarnation: This process; unique.
        watcher: Is notified of changes of the engine's state.

    Raises:
        ValueError: A name has other characters than letters, digits, `_.-`.
    """

    def __init__(
        self,
        loop: EventLoop,
        options: EngineOptions,
        *,
        node: str,
        incarnation: str,
        watcher: Watcher,
    ) -> None:
        check_word("the name of a node", node)
        check_word("the name of a process", incarnation)
        self._loop = loop
        self._options = options
        self._node, self._incarnation = node, incarnation
        self._watcher = watcher
        self._lag = 0.0
        self._leaving: Leaving | None = None
        self._link = EngineLink(
            loop,
            options,
            greet=self._greet,
            on_up=self._come_up,
            on_down=self._go_down,
            needed=lambda: self._leaving is not None and not self._leaving.over,
        )
        self._nodes = Nodes(loop, self._link, options, node, incarnation, watcher.buried)
        self._names = Names(loop, self._link, options, node, incarnation, watcher.name_lost)
        self._follower = Follower(
            loop, self._link, options, on_snapshot=self._pictured, on_entry=self._came
        )
        self._rooms = RoomNumbers(loop, self._link, options, self._follower.seen)
        self._clearing = Clearing(self._nodes, self._follower)
        self._publisher = Publisher(loop, self._link, options, incarnation, self._follower.seen)

    # State of the engine

    @property
    def up(self) -> bool:
        """Return whether the engine is available."""
        return self._link.up

    @property
    def reason(self) -> str:
        """Return why it is not, as text; empty if it is or was not tried yet."""
        return self._link.reason

    def waiting(self) -> int:
        """Return how many entries are not acknowledged."""
        return len(self._publisher)

    def figures(self) -> ClusterFigures:
        """Return the figures of the cluster."""
        return ClusterFigures(
            (self._node, *sorted(each.name for each in self._nodes.others)),
            self._link.state.value,
            self.reason,
            self._lag,
            self._follower.behind(),
            self.waiting(),
            len(self._follower.feeds),
            len(self._names),
            self._follower.senseless,
        )

    def _greet(self) -> None:
        self._nodes.greet()

    def _come_up(self) -> None:
        self._nodes.resume()
        self._follower.resume()
        self._names.resume()
        self._publisher.resume()
        self._clearing.resume()
        self._watcher.up()

    def _go_down(self, reason: str) -> None:
        self._nodes.pause()
        self._names.pause()
        self._follower.pause()
        self._watcher.down(reason)

    # Feeds

    def publish(
        self,
        feed: str,
        body: Body,
        *,
        nonce: str = "",
        state: Mapping[str, Body | None] = NOTHING,
        done: Callable[[], None] = ignore,
    ) -> None:
        """Publish an entry in a feed once, behind all that was published there before.

        While the engine is away, the entry is queued.

        Args:
            feed: Any text of up to 400 characters without braces.
            body: The entry.
            nonce: Its identifier: an entry with the same nonce, added in the last ten minutes, is
                not added again.
            state: The changes to the state of the feed in the same step; None deletes a value.
            done: Called when the engine has acknowledged the entry; the reader receives it too.

        Raises:
            Full: The queue is full.
            ValueError: The body is too long or not JSON, or a name is invalid.
        """
        self._publisher.publish(feed, body, nonce=nonce, state=state, done=done)

    def pending(self, feed: str) -> list[tuple[Body, str, Mapping[str, Body | None]]]:
        """Return the body, the nonce and the state of each unacknowledged entry, in order."""
        return self._publisher.pending(feed)

    def follow(self, feed: str, reader: Reader, since: int | None) -> None:
        """Send a snapshot, then all entries of a feed after `since`, to `reader`.

        Args:
            feed: The feed; a feed that is followed already is restarted.
            reader: The recipient; an exception that it raises is logged.
            since: The time of the last entry that is known already; None if there is none.
        """
        self._follower.follow(feed, reader, since)

    def unfollow(self, feed: str) -> None:
        """Stop following a feed."""
        self._follower.unfollow(feed)

    def _pictured(self, snapshot: Snapshot) -> None:
        """Remove members of ended processes from the followed feeds."""
        if snapshot.feed == HALL:
            return
        found = {match[1] for field in snapshot.state if (match := _MEMBER.fullmatch(field))}
        self._clearing.clear([snapshot.feed], sorted(found - self._nodes.alive))

    def _came(self, entry: Entry) -> None:
        self._lag = self._nodes.age(entry.at)
        if entry.feed == HALL and entry.body.get("do") == "gone":
            gone, node = entry.body.get("incarnation"), entry.body.get("node")
            if isinstance(gone, str) and isinstance(node, str) and gone != self._incarnation:
                rooms = [feed for feed in self._follower.feeds if feed != HALL]
                self._clearing.clear(rooms, [gone], node)

    # Names and rooms

    def claim(self, name: NameClaim, answered: Callable[[Granted | Taken | Away], None]) -> None:
        """Claim a name.  It is held until `release()`, or until the watcher's `name_lost()`.

        Args:
            name: The name.
            answered: Called once, from the loop.
        """
        self._names.claim(name, answered)

    def renew(self, name: NameClaim) -> None:
        """Update a held name as `name` says; if it was assigned in an outage, claim it later."""
        self._names.hold(name)

    def release(self, name: NameClaim) -> None:
        """Release a name."""
        self._names.release(name)

    def make_room(
        self,
        key: str,
        skeleton: str,
        body: Body,
        most: int,
        answered: Callable[[int | Alike | TooMany | Away], None],
    ) -> None:
        """Register a room in the hall's feed: entry and state `room/<key>` are its body.

        Args:
            key: The key of the room.
            skeleton: The skeleton of its name, which is equal for similar names.
            body: The body, without its number, which is added; `shown` is the name shown to others.
            most: The maximum number of rooms.
            answered: Called once, from the loop, with the number; also if the room exists.
        """
        self._rooms.make(key, skeleton, body, most, answered)

    # Ending

    def close(self, done: Callable[[], None] = ignore) -> None:
        """Send pending entries, report that this node leaves, and end, within three seconds.

        Reading stops at once.  An orderly stop of the loop waits for the end.
        """
        if self._leaving is None:
            self._follower.pause()
            self._leaving = Leaving(self._loop, self, done)

    def say_goodbye(self, done: Callable[[Any], None]) -> int:
        """Release the names of this node; return how often `done` will be called."""
        self._names.release_all()
        rooms = [feed for feed in self._follower.feeds if feed.startswith("room:")]
        for feed in rooms:
            self._nodes.clear_own(feed, done)
        self._nodes.leave(done)
        return len(rooms) + 1

    def end(self) -> None:
        """Close all connections."""
        self._nodes.pause()
        self._names.pause()
        self._link.close()
        self._follower.pause()
