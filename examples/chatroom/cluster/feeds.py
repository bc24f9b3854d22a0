"""The engine as a node of the cluster uses it: feeds, names, and who is there.

Rule of this file: the parts put together.  What each does is its own file's business.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from miniloop import EventLoop, TimerHandle

from .engine_options import EngineOptions
from .entries import BadReply, pack_body, parse_text
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
from .link import EngineLink
from .names import Names
from .nodes import HALL, Nodes
from .publisher import Publisher
from .scripts import MAKE_ROOM

FIRST_ROOM = 1
"""The lowest number of a room; 0 is the lobby's, which is always there."""

CLOSING = 3.0
"""Seconds that the engine has for what this node says at its end."""

_MEMBER = re.compile(r"member/([\w.-]{1,64})/\d+", re.ASCII)


@dataclass(frozen=True, slots=True)
class ClusterFigures:
    """How the cluster is, as this node sees it.

    Attributes:
        nodes: The names of the nodes that are there, this one first.
        link: `up`, `greeting`, `away` or `closed`.
        reason: Why it is away; empty if it is not.
        lag: Seconds between the time of the last entry and its arrival here.
        catching_up: Feeds that are followed and not up to date.
        waiting: Entries that the engine has not acknowledged.
        feeds: Feeds that are followed.
        names: Names that are held.
        senseless: Entries that made no sense.
    """

    nodes: tuple[str, ...]
    link: str
    reason: str
    lag: float
    catching_up: int
    waiting: int
    feeds: int
    names: int
    senseless: int


class Feeds:
    """All that a node wants of the engine.

    Args:
        loop: The loop that serves it.
        options: The engine and the bounds.
        node: This node's name, the same after a restart.
        incarnation: This process; never the same again.
        watcher: What is told how the engine is.

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
        self._leaving: _Leaving | None = None
        self._link = EngineLink(
            loop, options, greet=self._greet, on_up=self._come_up, on_down=self._go_down
        )
        self._nodes = Nodes(loop, self._link, options, node, incarnation, watcher.buried)
        self._names = Names(loop, self._link, options, node, incarnation, watcher.name_lost)
        self._follower = Follower(
            loop, self._link, options, on_snapshot=self._pictured, on_entry=self._came
        )
        self._publisher = Publisher(loop, self._link, options, incarnation, self._follower.seen)

    # How the engine is

    @property
    def up(self) -> bool:
        """Whether the engine does its work."""
        return self._link.up

    @property
    def reason(self) -> str:
        """Why it does not, for a person; empty if it does or was not tried yet."""
        return self._link.reason

    def waiting(self) -> int:
        """Return how many entries are not acknowledged."""
        return len(self._publisher)

    def figures(self) -> ClusterFigures:
        """Return how the cluster is."""
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
        """Add an entry to a feed, behind all that was published there before, and once.

        With the engine away it waits.

        Args:
            feed: Any text of up to 400 characters without braces.
            body: The entry.
            nonce: What it is called: one of the same name, added within the last ten minutes, is
                not added again.
            state: What it changes in the state of the feed in the same step; None deletes.
            done: Called when the engine has acknowledged it; it comes by the reader too.

        Raises:
            Full: Too much waits.
            ValueError: The body is too long or no JSON, or a name is wrong.
        """
        self._publisher.publish(feed, body, nonce=nonce, state=state, done=done)

    def pending(self, feed: str) -> list[tuple[Body, str, Mapping[str, Body | None]]]:
        """Return the body, the nonce and the state of what is not acknowledged, in order."""
        return self._publisher.pending(feed)

    def follow(self, feed: str, reader: Reader, since: int | None) -> None:
        """Have `reader` told of all that a feed has behind `since`: a snapshot, then entries.

        Args:
            feed: The feed; one that is followed already is followed anew.
            reader: What is told; an exception that it raises is logged.
            since: The time of the last entry that is known already; None: none is.
        """
        self._follower.follow(feed, reader, since)

    def unfollow(self, feed: str) -> None:
        """Follow a feed no longer."""
        self._follower.unfollow(feed)

    def _pictured(self, snapshot: Snapshot) -> None:
        """Take members of processes that have ended out of what is followed."""
        if snapshot.feed == HALL:
            return
        found = {match[1] for field in snapshot.state if (match := _MEMBER.fullmatch(field))}
        if found - self._nodes.alive:
            self._clear_if_gone([snapshot.feed], found)

    def _came(self, entry: Entry) -> None:
        self._lag = self._nodes.age(entry.at)
        if entry.feed == HALL and entry.body.get("do") == "gone":
            gone, node = entry.body.get("incarnation"), entry.body.get("node")
            if isinstance(gone, str) and isinstance(node, str) and gone != self._incarnation:
                rooms = [feed for feed in self._follower.feeds if feed != HALL]
                self._clear_if_gone(rooms, {gone}, node)

    def _clear_if_gone(self, feeds: list[str], incarnations: set[str], node: str = "") -> None:
        """A process that was stopped for long may be back by now: look again."""

        def look() -> None:
            for each in incarnations - self._nodes.alive:
                for feed in feeds:
                    self._nodes.clear(feed, node, each, _ignore)

        self._nodes.look(look)

    # Names and rooms

    def claim(self, name: NameClaim, answered: Callable[[Granted | Taken | Away], None]) -> None:
        """Ask for a name.  It is kept until `release()`, or until the watcher's `name_lost()`.

        Args:
            name: The name.
            answered: Called once, from the loop.
        """
        self._names.claim(name, answered)

    def renew(self, name: NameClaim) -> None:
        """Keep a name that was given while the engine was away; it is claimed when that is back."""
        self._names.hold(name)

    def release(self, name: NameClaim) -> None:
        """Give a name back."""
        self._names.release(name)

    def make_room(
        self,
        key: str,
        skeleton: str,
        body: Body,
        most: int,
        answered: Callable[[int | Alike | TooMany | Away], None],
    ) -> None:
        """Enter a room into the hall's feed: entry and state `room/<key>` are its body.

        Args:
            key: The room.
            skeleton: What its name looks like.
            body: The body, without its number, which is added; `shown` is what others are told.
            most: Most rooms.
            answered: Called once, from the loop, with the number; also if the room is there.
        """
        if not self._link.up:
            self._loop.call_soon(answered, Away())
            return
        keys = [self._options.keys.stream(HALL), self._options.keys.state(HALL)]
        shown = str(body.get("shown", key))
        arguments: list[str | int | bytes] = [
            self._options.most_entries, self._follower.seen(HALL), key, skeleton, shown,
            pack_body(body), most, FIRST_ROOM,
        ]  # fmt: skip
        MAKE_ROOM.run(self._link.call, keys, arguments, partial(self._made, answered))

    def _made(self, answered: Callable[[int | Alike | TooMany | Away], None], reply: Any) -> None:
        try:
            answered(_made(reply))
        except BadReply as problem:
            self._link.fail(f"the answer about a room: {problem}")
            answered(Away())

    # The end

    def close(self, done: Callable[[], None] = ignore) -> None:
        """Send what waits, say that this node leaves, and end; it takes three seconds at most."""
        if self._leaving is None:
            self._leaving = _Leaving(self, done)
            self._leaving.look()

    @property
    def loop(self) -> EventLoop:
        """The loop that serves it."""
        return self._loop

    def say_goodbye(self, done: Callable[[Any], None]) -> int:
        """Give back what this node has; return how often `done` will be called."""
        self._names.release_all()
        rooms = [feed for feed in self._follower.feeds if feed.startswith("room:")]
        for feed in rooms:
            self._nodes.clear_own(feed, done)
        self._nodes.leave(done)
        return len(rooms) + 1

    def end(self) -> None:
        """End all connections."""
        self._nodes.pause()
        self._names.pause()
        self._link.close()
        self._follower.pause()


class _Leaving:
    """The orderly end of a node: in order, within a time limit."""

    def __init__(self, feeds: Feeds, done: Callable[[], None]) -> None:
        self._feeds = feeds
        self._done: Callable[[], None] | None = done
        self._left: int | None = None  # answers that are to come
        self._limit: TimerHandle = feeds.loop.call_later(CLOSING, self._end)

    def look(self) -> None:
        """Go on when nothing waits any more."""
        if self._done is None:
            return
        if not self._feeds.up:
            self._end()
        elif self._feeds.waiting():
            self._feeds.loop.call_later(0.02, self.look)
        else:
            self._left = self._feeds.say_goodbye(self._answered)

    def _answered(self, reply: object) -> None:
        assert self._left is not None
        self._left -= 1
        if self._left <= 0:
            self._end()

    def _end(self) -> None:
        done, self._done = self._done, None
        if done is not None:
            self._limit.cancel()
            self._feeds.end()
            self._feeds.loop.call_soon(done)


def _made(reply: Any) -> int | Alike | TooMany | Away:
    match reply:
        case Exception():
            return Away()
        case bool():
            raise BadReply("no number")
        case int(number) if 0 <= number < 4096:
            return number
        case [b"alike", shown]:
            return Alike(parse_text(shown))
        case [b"many"]:
            return TooMany()
    raise BadReply("no number")


def _ignore(reply: object) -> None:
    """The next look finds what is left."""
