"""The nodes of a cluster: this node's heartbeats, and detection of nodes that have stopped.

Rule of this file: the present nodes.  Only the engine's time counts: the nodes' clocks may differ.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from examples.redis.command import Word
from miniloop import EventLoop, TimerHandle

from .engine_options import EngineOptions
from .entries import BadReply, parse_number, parse_text
from .link import EngineLink
from .scripts import BEAT, BURY, CLEAR

log = logging.getLogger("chatroom")

HALL = "hall"
MOST_NODES = 1000


@dataclass(frozen=True, slots=True)
class Node:
    """Another node.

    Attributes:
        name: Its name.
        incarnation: Its process.
        until: When it expires without a heartbeat, in milliseconds of the engine's clock.
    """

    name: str
    incarnation: str
    until: int


class Nodes:
    """This node and the other nodes.

    Args:
        loop: The loop that serves it.
        link: The way to the engine.
        options: The times.
        node: This node.
        incarnation: This process.
        on_buried: Called when other nodes declared this process dead, or the engine has forgotten
            it; it is registered again by now.

    Attributes:
        others: The other nodes, as of the last heartbeat.
    """

    def __init__(
        self,
        loop: EventLoop,
        link: EngineLink,
        options: EngineOptions,
        node: str,
        incarnation: str,
        on_buried: Callable[[], None],
    ) -> None:
        self.others: tuple[Node, ...] = ()
        self._loop = loop
        self._link = link
        self._options = options
        self._node, self._incarnation = node, incarnation
        self._on_buried = on_buried
        self._keys = (options.keys.stream(HALL), options.keys.state(HALL))
        self._known = False  # whether this process was registered before
        self._ahead: float | None = None  # the engine's clock minus the loop's, in seconds
        self._timer: TimerHandle | None = None

    @property
    def alive(self) -> frozenset[str]:
        """Return the present processes, including this one."""
        return frozenset({self._incarnation, *(each.incarnation for each in self.others)})

    def age(self, at: int) -> float:
        """Return how many seconds ago the engine's clock showed `at` milliseconds."""
        if self._ahead is None:
            return 0.0
        return max(0.0, self._loop.time() + self._ahead - at / 1000)

    def greet(self) -> None:
        """Register this node; the outcome is reported to the link."""
        self._beat(self._link.greeted)

    def resume(self) -> None:
        """Resume the heartbeats: the engine has accepted the greeting."""
        self._plan()

    def pause(self) -> None:
        """Stop the heartbeats: the engine is away."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _plan(self) -> None:
        self.pause()
        self._timer = self._loop.call_later(self._options.beat, self._tick)

    def _tick(self) -> None:
        self._plan()
        self.look(self._bury_silent)

    def look(self, then: Callable[[], None]) -> None:
        """Send a heartbeat, and call `then` when the present nodes are known."""
        self._beat(then)

    def _beat(self, then: Callable[[], None]) -> None:
        span = int(self._options.span * 1000)
        first = "" if self._known else "first"
        arguments: list[Word] = [*self._bounds, self._node, self._incarnation, span, first]
        BEAT.run(self._link.call, self._keys, arguments, partial(self._answered, then))

    @property
    def _bounds(self) -> tuple[int, int]:
        return self._options.most_entries, 0

    def _answered(self, then: Callable[[], None], reply: Any) -> None:
        if isinstance(reply, Exception):
            return
        try:
            answer, now, nodes = _parse(reply)
        except BadReply as problem:
            self._link.fail(f"the answer to a sign of life: {problem}")
            return
        self._ahead = now / 1000 - self._loop.time()
        self.others = nodes
        if answer == "other":
            self._link.fail(f"another process runs as the node {self._node}")
            return
        was_known, self._known = self._known, True
        then()
        if answer == "new" and was_known:
            log.warning("The other nodes took this one for gone; it is back.")
            self._on_buried()

    # Other nodes that have stopped

    def _bury_silent(self) -> None:
        if self._ahead is None:
            return
        now = (self._loop.time() + self._ahead) * 1000
        for each in self.others:
            if each.until < now:
                arguments: list[Word] = [*self._bounds, each.name, each.incarnation, ""]
                BURY.run(self._link.call, self._keys, arguments, partial(self._buried, each))

    def _buried(self, node: Node, reply: Any) -> None:
        if reply == 1:
            log.warning("The node %s has stopped: its members have left.", node.name)

    def leave(self, done: Callable[[Any], None]) -> None:
        """Remove this node from the hall's feed, at an orderly end."""
        arguments: list[Word] = [*self._bounds, self._node, self._incarnation, "now"]
        BURY.run(self._link.call, self._keys, arguments, done)

    def clear(
        self,
        feed: str,
        node: str,
        incarnation: str,
        done: Callable[[Any], None] = lambda reply: None,
        how: str = "",
    ) -> None:
        """Remove the members of an ended process from a room's feed.

        A failure is retried at the next snapshot of the feed.  `how` is "now" for an orderly
        end: members in the room learn that.
        """
        keys = self._options.keys.stream(feed), self._options.keys.state(feed)
        arguments: list[Word] = [*self._bounds, node, incarnation, how]
        CLEAR.run(self._link.call, keys, arguments, done)

    def clear_own(self, feed: str, done: Callable[[Any], None]) -> None:
        """Remove this node's members from a room's feed, at an orderly end."""
        self.clear(feed, self._node, self._incarnation, done, "now")


def _parse(reply: Any) -> tuple[str, int, tuple[Node, ...]]:
    match reply:
        case [b"here" | b"new" | b"other" as answer, now, [*items]]:
            if len(items) % 3 or len(items) > 3 * MOST_NODES:
                raise BadReply("no nodes, or too many")
            threes = zip(items[::3], items[1::3], items[2::3], strict=True)
            nodes = tuple(
                Node(parse_text(name), parse_text(process), parse_number(until))
                for name, process, until in threes
            )
            return answer.decode(), parse_number(now), nodes
    raise BadReply("no answer that a script gives")
