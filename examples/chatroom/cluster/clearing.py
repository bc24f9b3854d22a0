"""Members of processes that have ended, taken out of the rooms that this node follows.

Rule of this file: what is to be taken out, until the engine has done it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from .follower import Follower
from .nodes import Nodes


class Clearing:
    """Takes them out.

    Args:
        nodes: Who is there.
        follower: What this node follows.
    """

    def __init__(self, nodes: Nodes, follower: Follower) -> None:
        self._nodes = nodes
        self._follower = follower
        self._wanted: dict[tuple[str, str], str] = {}  # feed and process, and the node's name

    def clear(self, feeds: Iterable[str], processes: Iterable[str], node: str = "") -> None:
        """Take the members of `processes` out of `feeds`, unless they are there again."""
        found = {(feed, each): node for each in processes for feed in feeds}
        if found:
            self._wanted |= found
            self.resume()

    def resume(self) -> None:
        """Try again what the engine has not done: it was away."""
        if self._wanted:
            self._nodes.look(self._clear)  # a process that was stopped for long may be back by now

    def _clear(self) -> None:
        alive, followed = self._nodes.alive, {*self._follower.feeds}
        for key, node in tuple(self._wanted.items()):
            feed, process = key
            if process in alive or feed not in followed:
                del self._wanted[key]
            else:
                self._nodes.clear(feed, node, process, partial(self._cleared, key))

    def _cleared(self, key: tuple[str, str], reply: Any) -> None:
        if not isinstance(reply, Exception):
            self._wanted.pop(key, None)
