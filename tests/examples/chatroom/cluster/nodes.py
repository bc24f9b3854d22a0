"""Several halls that form one: helpers for their tests."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from examples.chatroom.cluster.node import Node
from examples.chatroom.hall.hall import Hall
from examples.chatroom.hall.history import MemoryStore, Store
from examples.chatroom.hall.limits import Limits
from examples.chatroom.hall.messages import Kind, Moment

from ..helpers import NOON, Person, visitor
from .feeds_double import FeedsDouble, World

incarnations = (f"i{number}" for number in itertools.count(1))


@dataclass
class Server:
    """One node."""

    hall: Hall
    node: Node
    engine: FeedsDouble
    store: Store


@dataclass
class Cluster:
    """Some nodes on one engine."""

    world: World = field(default_factory=World)
    limits: Limits = field(default_factory=Limits)
    servers: dict[str, Server] = field(default_factory=dict)
    now: Moment = NOON

    def start(self, name: str, store: Store | None = None) -> Server:
        """Start a process of the node `name`."""
        store = store if store is not None else MemoryStore(self.limits.history_kept)
        incarnation = next(incarnations)
        engines: list[FeedsDouble] = []

        def connect(watcher: Node) -> FeedsDouble:
            engines.append(FeedsDouble(self.world, watcher, name, incarnation))
            return engines[-1]

        nodes: list[Node] = []

        def order(hall: Hall) -> Node:
            nodes.append(Node(hall, connect, name, incarnation))  # type: ignore[arg-type]
            return nodes[-1]

        hall = Hall(self.limits, store, order=order)
        server = self.servers[name] = Server(hall, nodes[0], engines[0], store)
        hall.begin(self.now)
        self.settle()
        return server

    def settle(self) -> None:
        """Run until everything in flight has arrived."""
        self.world.settle()

    def enter(self, server: str, name: str, *, roaming: bool = False) -> Person:
        """Log a member in at `server`."""
        someone = visitor(self.servers[server].hall, roaming=roaming)
        someone.types(name, at=self.now)
        self.settle()
        someone.screen.clear()
        return someone

    def types(self, someone: Person, *lines: str) -> None:
        """Type lines, and run until everything has arrived."""
        someone.types(*lines, at=self.now)
        self.settle()

    def later(self, seconds: float) -> None:
        """Advance the time, and tick the halls once a second."""
        for _ in range(int(seconds)):
            self.now = Moment(self.now.mono + 1, self.now.wall + 1)
            self.world.now += 1000
            for server in self.servers.values():
                if not server.engine.stopped:
                    server.hall.tick(self.now)
            self.settle()


def cluster(*names: str, limits: Limits | None = None) -> Cluster:
    """Return a cluster of nodes with these names."""
    made = Cluster(limits=limits or Limits())
    for name in names or ("a", "b"):
        made.start(name)
    return made


def said(someone: Person) -> list[tuple[str, str]]:
    """Return the messages in rooms that a member has seen, with their authors."""
    return [
        (message.sender, message.text)
        for message in someone.screen.messages
        if message.kind is Kind.SAID
    ]


def about(someone: Person, kind: Kind) -> list[str]:
    """Return the names in the events of one kind that a member has seen."""
    return [message.sender for message in someone.screen.messages if message.kind is kind]
