"""The processes of a schedule: a whole server each, with both doors, and its lasting data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from examples.chatroom.cluster.engine_options import EngineOptions
from examples.chatroom.cluster.feeds import Feeds
from examples.chatroom.cluster.interface import Watcher
from examples.chatroom.cluster.node import Node
from examples.chatroom.doors.web.limits import WebLimits
from examples.chatroom.hall.hall import Hall
from examples.chatroom.hall.history import (
    ANYBODY,
    AddMessage,
    AddWaiting,
    Answer,
    Asker,
    ForgetMessage,
    ForgetRoom,
    ForgetWaiting,
    Remembered,
    SaveRoom,
    Write,
    Written,
)
from examples.chatroom.hall.limits import Limits
from examples.chatroom.hall.messages import Message
from examples.chatroom.keeping import Keeping
from examples.chatroom.people.doorkeeper import Doorkeeper
from examples.chatroom.people.names import Name, check_name
from examples.chatroom.people.operators import Operators
from examples.chatroom.people.sanction import ForgetSanction, SaveSanction
from examples.chatroom.server import ChatServer
from miniloop.testing import SimulatedNetwork

from ..redis_model import WALL
from .engine import Engine

LINES, WEB = 4000, 4001
LEASE = 3.0
GRACE = 4.0
"""Seconds that a browser has to resume its seat."""


class Accounts:
    """The operator of all schedules; real passwords are slow on purpose."""

    names: Sequence[Name] = (check_name("boss", 20),)

    def check(self, name: str, password: str) -> bool:
        """Accept every password."""
        return True


class Disk:
    """The stored data of a node, as its file would have it; it survives the processes."""

    def __init__(self) -> None:
        self.rooms: dict[str, SaveRoom] = {}
        self.said: dict[str, dict[int, Message]] = {}
        self.nonces: dict[str, int] = {}
        self.waiting: dict[str, AddWaiting] = {}
        self.sanctions: dict[tuple[str, str], SaveSanction] = {}


class DiskStore:
    """A process' access to it.

    Attributes:
        alive: Whether the process is there; a dead one writes nothing.
    """

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.alive = True

    def load(self, recent: int) -> Remembered:
        """Return the stored state."""
        disk = self.disk
        rooms = [
            (room, tuple(disk.said.get(key, {}).values())[-recent:])
            for key, room in disk.rooms.items()
        ]
        known = [max(messages) for messages in disk.said.values() if messages]
        return Remembered(
            max(known, default=0),
            tuple(rooms),
            tuple(disk.sanctions.values()),
            waiting=tuple(disk.waiting.values()),
        )

    def write(self, writes: Sequence[Write], done: Callable[[Written], None]) -> None:
        """Store the whole batch."""
        repeated: set[int] = set()
        if self.alive:
            for each in writes:
                self._store(each, repeated)
        done(Written(repeated=frozenset(repeated)))

    def _store(self, write: Write, repeated: set[int]) -> None:
        disk = self.disk
        match write:
            case AddMessage(room, message, nonce):
                if nonce and disk.nonces.setdefault(nonce, message.id) != message.id:
                    repeated.add(message.id)
                else:
                    disk.said.setdefault(room, {})[message.id] = message
            case SaveRoom():
                disk.rooms[write.key] = write
            case ForgetRoom(key):
                disk.rooms.pop(key, None)
                disk.said.pop(key, None)
            case ForgetMessage(number):
                for messages in disk.said.values():
                    messages.pop(number, None)
            case AddWaiting():
                disk.waiting.setdefault(write.nonce, write)
            case ForgetWaiting(nonce):
                disk.waiting.pop(nonce, None)
            case SaveSanction():
                disk.sanctions[write.kind, write.subject] = write
            case ForgetSanction(kind, subject):
                disk.sanctions.pop((kind, subject), None)

    def page(
        self,
        room: str,
        before: int,
        count: int,
        done: Callable[[Answer], None],
        by: Asker = ANYBODY,
    ) -> None:
        """Return messages before the one with the id `before`."""
        known = self.disk.said.get(room, {}).values()
        found = [each for each in known if not before or each.id < before]
        done(Answer(tuple(found[-count:]), len(found) > count))

    def search(
        self,
        room: str,
        query: str,
        count: int,
        done: Callable[[Answer], None],
        by: Asker = ANYBODY,
        before: int = 0,
    ) -> None:
        """Find nothing: no schedule searches."""
        done(Answer())


class Process:
    """One process of a node.

    Args:
        net: The network.
        engine: The engine.
        name: The node's name, and its host's.
        number: The number of the process.
        disk: The node's stored data.
    """

    def __init__(
        self, net: SimulatedNetwork, engine: Engine, name: str, number: int, disk: Disk
    ) -> None:
        self.name = name
        self.stopped = False
        self.net = net
        self.loop = net.loop(debug=False)
        self.store = DiskStore(disk)
        options = EngineOptions(
            engine.way(name),
            span=LEASE,
            beat=LEASE / 3,
            timeout=2.0,
            longest=1.0,
            most_waiting=2000,
            uniform=net.random.uniform,
        )
        incarnation = f"{name}-{number}"

        def connect(watcher: Watcher) -> Feeds:
            self.feeds = Feeds(
                self.loop, options, node=name, incarnation=incarnation, watcher=watcher
            )
            return self.feeds

        def order(hall: Hall) -> Node:
            self.node = Node(hall, connect, name, incarnation)
            return self.node

        self.hall = Hall(
            Limits(),
            self.store,
            defer=self.loop.call_soon,
            doorkeeper=Doorkeeper(Accounts()),
            order=order,
        )
        self.server = ChatServer(
            self.loop, self.hall, Keeping(), Operators(), wall=lambda: WALL + net.now
        )
        self.lines = self.server.open_lines((name, LINES))
        limits = replace(WebLimits(), close_timeout=1.0, resume_grace=GRACE)
        self.web = self.server.open_web((name, WEB), (), limits)

    def kill(self) -> None:
        """Kill the process: SIGKILL."""
        self.store.alive = False
        self.feeds.end()
        self.loop.close()

    def stop(self) -> None:
        """Suspend it: SIGSTOP."""
        self.stopped = True
        self.net._driver.remove(self.loop)

    def go_on(self) -> None:
        """Continue it: SIGCONT; idempotent, and harmless for one that has ended."""
        if self.stopped and not self.loop.closed:
            self.stopped = False
            self.net._driver.add(self.loop)

    def end(self) -> None:
        """Stop in order, as after SIGTERM."""
        self.loop.stop(grace=3.0)
        self.loop.run()
        self.store.alive = False
        self.loop.close()
