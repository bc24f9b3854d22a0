"""Nodes on a simulated network with one engine, and the events that they received."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from examples.chatroom.cluster.engine_options import EngineOptions
from examples.chatroom.cluster.feeds import Feeds
from examples.chatroom.cluster.interface import Entry, NameClaim, Snapshot
from miniloop import EventLoop
from miniloop.testing import GENTLE, Faults, SimulatedNetwork
from tests.examples.chatroom.cluster.redis_model import RedisModel


class Follow:
    """A reader that keeps everything."""

    def __init__(self) -> None:
        self.snapshots: list[Snapshot] = []
        self.entries: list[Entry] = []

    def snapshot(self, snapshot: Snapshot) -> None:
        self.snapshots.append(snapshot)
        self.entries += snapshot.past

    def entry(self, entry: Entry) -> None:
        self.entries.append(entry)

    @property
    def said(self) -> list[Any]:
        return [each.body["n"] for each in self.entries if "n" in each.body]

    @property
    def gone(self) -> list[str]:
        return [each.body["incarnation"] for each in self.entries if each.body.get("do") == "gone"]


class TestNode:
    """A node: its feeds, and the calls to its watcher."""

    __test__ = False

    def __init__(
        self, loop: EventLoop, options: EngineOptions, name: str, incarnation: str = ""
    ) -> None:
        self.told: list[str] = []
        self.lost: list[NameClaim] = []
        self.reasons: list[str] = []
        self.incarnation = incarnation or f"{name}-1"
        self.feeds = Feeds(loop, options, node=name, incarnation=self.incarnation, watcher=self)

    def up(self) -> None:
        self.told.append("up")

    def down(self, reason: str) -> None:
        self.told.append("down")
        self.reasons.append(reason)

    def buried(self) -> None:
        self.told.append("buried")

    def name_lost(self, name: NameClaim) -> None:
        self.lost.append(name)

    def follow(self, feed: str, since: int | None = None) -> Follow:
        reader = Follow()
        self.feeds.follow(feed, reader, since)
        return reader

    def say(self, feed: str, n: int, **options: Any) -> None:
        self.feeds.publish(feed, {"n": n}, **options)


class Scene:
    """An engine and its nodes, all on one loop."""

    def __init__(self, seed: int = 1, faults: Faults = GENTLE, **options: Any) -> None:
        self.net = SimulatedNetwork(seed, faults=faults)
        self.redis = RedisModel(self.net)
        self.loop = self.net.loop()
        self._options = options
        self.nodes: list[TestNode] = []

    def options(self, **more: Any) -> EngineOptions:
        all_options = {"uniform": self.net.random.uniform, **self._options, **more}
        return EngineOptions(self.redis.address, **all_options)

    def node(self, name: str = "a", incarnation: str = "", **options: Any) -> TestNode:
        node = TestNode(self.loop, self.options(**options), name, incarnation)
        self.nodes.append(node)
        return node

    def nodes_up(self, *names: str) -> list[TestNode]:
        nodes = [self.node(name) for name in names]
        self.run_until(lambda: all(node.feeds.up for node in nodes))
        return nodes

    def run_until(self, condition: Callable[[], object], seconds: float = 120.0) -> None:
        self.net.run_until(condition, seconds)

    def run(self, seconds: float) -> None:
        self.net.run(seconds)

    def close(self) -> None:
        for node in self.nodes:
            node.feeds.end()
        self.loop.close()
