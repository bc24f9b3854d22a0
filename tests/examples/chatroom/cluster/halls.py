"""Several halls on the real feeds, over a model of Redis on a simulated network.

    town = Halls(seed)
    for name in "abc":
        town.start(name)
    ann = town.enter("a", "ann")
    town.kill("b"); town.start("b"); town.stop("c"); town.run(30); town.go_on("c")
    town.redis.kill(); town.redis.start()
    town.calm()                                   # until everything has arrived

Each node has a loop of its own, so that one can be suspended while the others continue.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from examples.chatroom.cluster.engine_options import EngineOptions
from examples.chatroom.cluster.feeds import Feeds
from examples.chatroom.cluster.interface import Watcher
from examples.chatroom.cluster.node import Node
from examples.chatroom.hall.hall import Hall
from examples.chatroom.hall.history import (
    AddMessage,
    MemoryStore,
    Remembered,
    SaveRoom,
    Write,
    Written,
)
from examples.chatroom.hall.limits import Limits
from examples.chatroom.hall.messages import Message, Moment
from miniloop import EventLoop
from miniloop.testing import GENTLE, Faults, SimulatedNetwork

from ..helpers import Person, visitor
from .redis_model import WALL, RedisModel

KEPT = 5000


class DurableStore(MemoryStore):
    """The data that survive a node's process, as in the file, but in memory."""

    def __init__(self) -> None:
        super().__init__(KEPT)
        self.saved: dict[str, SaveRoom] = {}
        self.said: dict[str, dict[int, Message]] = {}
        self._nonces: dict[str, int] = {}

    def load(self, recent: int) -> Remembered:
        rooms = [
            (room, tuple(self.said.get(key, {}).values())[-recent:])
            for key, room in self.saved.items()
        ]
        return Remembered(rooms=tuple(rooms), waiting=super().load(recent).waiting)

    def write(self, writes: Sequence[Write], done: Callable[[Written], None]) -> None:
        repeated = set()
        for each in writes:
            if isinstance(each, SaveRoom):
                self.saved[each.key] = each
            if isinstance(each, AddMessage):
                number = each.message.id
                if each.nonce and self._nonces.setdefault(each.nonce, number) != number:
                    repeated.add(number)
                else:
                    self.said.setdefault(each.room, {})[number] = each.message
        super().write(writes, lambda _: done(Written(repeated=frozenset(repeated))))


@dataclass
class Server:
    """One node's process."""

    loop: EventLoop
    hall: Hall
    node: Node
    feeds: Feeds
    store: DurableStore
    running: bool = True


class Halls:
    """Nodes, an engine, and the time.

    Args:
        seed: Decides everything that the network does.
        faults: The faults of the network.
        limits: The limits of all halls.
    """

    def __init__(
        self, seed: int = 1, faults: Faults = GENTLE, limits: Limits | None = None
    ) -> None:
        self.net = SimulatedNetwork(seed, faults=faults)
        self.redis = RedisModel(self.net)
        self.limits = limits or Limits(flood_burst=1000, address_burst=1000)
        self.servers: dict[str, Server] = {}
        self.stores: dict[str, DurableStore] = {}
        self._processes = 0

    def moment(self) -> Moment:
        """Return the time."""
        return Moment(self.net.now, WALL + self.net.now)

    def start(self, name: str) -> Server:
        """Start a process of the node `name`, with the data stored by the last one."""
        store = self.stores.setdefault(name, DurableStore())
        loop = self.net.loop()
        options = EngineOptions(self.redis.address, uniform=self.net.random.uniform)
        self._processes += 1
        incarnation = f"{name}-{self._processes}"
        feeds: list[Feeds] = []
        nodes: list[Node] = []

        def connect(watcher: Watcher) -> Feeds:
            feeds.append(Feeds(loop, options, node=name, incarnation=incarnation, watcher=watcher))
            return feeds[0]

        def order(hall: Hall) -> Node:
            nodes.append(Node(hall, connect, name, incarnation))
            return nodes[0]

        hall = Hall(self.limits, store, defer=loop.call_soon, order=order)
        server = self.servers[name] = Server(loop, hall, nodes[0], feeds[0], store)

        def tick() -> None:
            loop.call_later(1.0, tick)
            hall.tick(self.moment())

        hall.begin(self.moment())
        loop.call_later(1.0, tick)
        return server

    def kill(self, name: str) -> None:
        """Kill the process: SIGKILL."""
        server = self.servers.pop(name)
        server.running = False
        server.feeds.end()
        server.loop.close()

    def end(self, name: str) -> None:
        """Stop the process in order."""
        server = self.servers.pop(name)
        server.running = False
        server.hall.close("The chat room is closing. Goodbye.")
        self.run(5)
        server.loop.close()

    def stop(self, name: str) -> None:
        """Suspend the process: SIGSTOP."""
        self.net._driver.remove(self.servers[name].loop)  # type: ignore[arg-type]

    def go_on(self, name: str) -> None:
        """Continue the process: SIGCONT."""
        self.net._driver.add(self.servers[name].loop)  # type: ignore[arg-type]

    def enter(self, server: str, name: str, *, address: str = "192.0.2.1") -> Person:
        """Connect a member at `server`; check `logged_in` later."""
        someone = visitor(self.servers[server].hall, address)
        self.types(someone, name)
        return someone

    def types(self, someone: Person, *lines: str) -> None:
        """Type lines."""
        someone.types(*lines, at=self.moment())

    def run(self, seconds: float) -> None:
        """Advance the time."""
        self.net.run(seconds)

    def up(self) -> None:
        """Run until all nodes are connected to the engine."""
        self.net.run_until(lambda: all(each.feeds.up for each in self.servers.values()), 120.0)

    def calm(self) -> None:
        """Run until everything has arrived at all nodes."""
        self.up()
        self.net.run_until(self._calm, 300.0)
        self.run(1.0)

    def _calm(self) -> bool:
        return not any(
            each.feeds.waiting() or each.feeds.figures().catching_up
            for each in self.servers.values()
        )

    def close(self) -> None:
        """Close everything."""
        for name in tuple(self.servers):
            self.kill(name)
