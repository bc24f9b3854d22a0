"""Removing the members of ended processes from the rooms that this node follows.

Rule of this file: pending removals, until the engine has confirmed them.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from .follower import Follower
from .nodes import Nodes


class Clearing:
    """Removes members of ended processes.

    Args:
        nodes: The nodes that are present.
        follower: The feeds that this node follows.
    """

    def __init__(self, nodes: Nodes, follower: Follower) -> None:
        self._nodes = nodes
        self._follower = follower
        self._wanted: dict[tuple[str, str], str] = {}  # feed and process, and the node's name

    def clear(self, feeds: Iterable[str], processes: Iterable[str], node: str = "") -> None:
        """Remove the members of `processes` from `feeds`, unless the processes are back."""
        found = {(feed, each): node for each in processes for feed in feeds}
        if found:
            self._wanted |= found
            self.resume()

    def resume(self) -> None:
        """Retry the removals that failed while the engine was away."""
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
