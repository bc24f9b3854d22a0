"""An engine in memory for several nodes: a step at a time, and away when the test says so."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from examples.chatroom.cluster.interface import (
    NOTHING,
    Alike,
    Away,
    Body,
    Entry,
    Full,
    Granted,
    NameClaim,
    Reader,
    Snapshot,
    Taken,
    TooMany,
    Watcher,
    ignore,
)

NOON = 1_700_000_000_000  # milliseconds
LIFE = 15_000  # of a name and of a node, in milliseconds


@dataclass
class Feed:
    entries: list[Entry] = field(default_factory=list)
    state: dict[str, Body] = field(default_factory=dict)
    nonces: set[str] = field(default_factory=set)
    trimmed: int = 0  # the place up to which entries are gone


@dataclass(frozen=True)
class Numbers:
    nodes: tuple[str, ...]
    link: str
    waiting: int
    lag: float = 0.0
    catching_up: int = 0
    senseless: int = 0


@dataclass
class Held:
    owner: FeedsDouble
    claim: NameClaim
    until: int


@dataclass
class World:
    """The engine."""

    now: int = NOON
    feeds: dict[str, Feed] = field(default_factory=dict)
    names: dict[str, Held] = field(default_factory=dict)
    nodes: list[FeedsDouble] = field(default_factory=list)

    def feed(self, name: str) -> Feed:
        return self.feeds.setdefault(name, Feed())

    def add(self, name: str, body: Body, nonce: str, state: Mapping[str, Body | None]) -> None:
        feed = self.feed(name)
        if nonce and nonce in feed.nonces:
            return
        feed.nonces.add(nonce)
        last = feed.entries[-1].at if feed.entries else 0
        at = max(self.now, last + 1)
        feed.entries.append(Entry(name, at, len(feed.entries) + 1, body, nonce))
        for key, value in state.items():
            if value is None:
                feed.state.pop(key, None)
            else:
                feed.state[key] = value

    def settle(self) -> None:
        """Run until everything in flight has arrived."""
        while sum(node.step() for node in self.nodes):  # each node gets its turn
            self.now += 1

    def lose_everything(self) -> None:
        """Restart the engine without data."""
        self.feeds, self.names = {}, {}
        for node in self.nodes:
            node.reachable = False
        self.settle()
        for node in self.nodes:
            node.reachable = True
            node.begin_anew()
        self.settle()

    def bury(self, dead: FeedsDouble, *, ended: bool = False) -> None:
        """Declare `dead` silent for too long, or let it leave in order."""
        self.names = {key: held for key, held in self.names.items() if held.owner is not dead}
        prefix, body = f"member/{dead.incarnation}/", {"do": "gone", "node": dead.node}
        for name, feed in tuple(self.feeds.items()):
            fields = [key for key in feed.state if key.startswith(prefix)]
            if fields or name == "hall":
                gone: dict[str, Body | None] = dict.fromkeys(fields)
                self.add(name, {**body, "incarnation": dead.incarnation, "ended": ended}, "", gone)
        dead.buried = True


@dataclass(eq=False)
class FeedsDouble:
    """One node's link to the engine."""

    world: World
    watcher: Watcher
    node: str
    incarnation: str
    most: int = 1000
    up: bool = False
    reachable: bool = True
    stopped: bool = False  # the process itself
    buried: bool = False
    closed: bool = False
    deaf: set[str] = field(default_factory=set)  # feeds from which nothing arrives for now
    _actions: deque[Callable[[], None]] = field(default_factory=deque)
    _queue: deque[Callable[[], None]] = field(default_factory=deque)
    _followed: dict[str, tuple[Reader, int | None]] = field(default_factory=dict)
    _fresh: set[str] = field(default_factory=set)
    _claims: list[NameClaim] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.world.nodes.append(self)

    # The interface

    def publish(
        self,
        feed: str,
        body: Body,
        *,
        nonce: str = "",
        state: Mapping[str, Body | None] = NOTHING,
        done: Callable[[], None] = ignore,
    ) -> None:
        if len(self._queue) >= self.most:
            raise Full

        def run() -> None:
            self.world.add(feed, body, nonce, state)
            done()

        self._queue.append(run)

    def follow(self, feed: str, reader: Reader, since: int | None) -> None:
        self._followed[feed] = (reader, since)
        self._fresh.add(feed)

    def unfollow(self, feed: str) -> None:
        self._followed.pop(feed, None)

    def claim(self, name: NameClaim, answered: Callable[[Granted | Taken | Away], None]) -> None:
        self._ask(lambda: answered(self._claim(name)), lambda: answered(Away()))

    def renew(self, name: NameClaim) -> None:
        others = [each for each in self._claims if each.skeleton != name.skeleton]
        self._claims = [*others, name]

    def release(self, name: NameClaim) -> None:
        self._queue.append(lambda: self._release(name))

    def make_room(
        self,
        key: str,
        skeleton: str,
        body: Body,
        most: int,
        answered: Callable[[int | Alike | TooMany | Away], None],
    ) -> None:
        self._ask(lambda: answered(self._make(key, skeleton, body, most)), lambda: answered(Away()))

    def waiting(self) -> int:
        return len(self._queue)

    def figures(self) -> Numbers:
        names = tuple(node.node for node in self.world.nodes)
        return Numbers(names, "up" if self.up else "away", len(self._queue))

    def close(self, done: Callable[[], None]) -> None:
        while self.up and self._queue:
            self._queue.popleft()()
        if self.up:
            self.world.bury(self, ended=True)
        self.closed = True
        self.up = False
        done()

    # The world

    def begin_anew(self) -> None:
        self._fresh.update(self._followed)

    def step(self) -> bool:
        """Do one step; return whether there was one."""
        if self.closed or self.stopped:
            return False
        if self.reachable != self.up:
            self._turn()
            return True
        if not self.up:
            return False
        for actions in (self._actions, self._queue):
            if actions:
                actions.popleft()()
                return True
        return self._read()

    def _turn(self) -> None:
        self.up = self.reachable
        if not self.up:
            self._actions.clear()
            self.watcher.down("it is unplugged")
            return
        if self.buried:
            self.buried = False
            self.watcher.buried()
        for claim in tuple(self._claims):
            held = self.world.names.get(claim.skeleton)
            if held is None or held.owner is not self:
                self._claims.remove(claim)
                self.watcher.name_lost(claim)
        self.watcher.up()

    def _ask(self, action: Callable[[], None], away: Callable[[], None]) -> None:
        def run() -> None:
            (action if self.up else away)()

        self._actions.append(run)

    def _read(self) -> bool:
        for name, (reader, since) in tuple(self._followed.items()):
            feed = self.world.feed(name)
            if name in self.deaf:
                continue
            if name in self._fresh:
                self._fresh.discard(name)
                self._snapshot(name, feed, reader, since)
                return True
            later = [entry for entry in feed.entries if entry.at > (since or 0)]
            if later:
                self._followed[name] = (reader, later[0].at)
                reader.entry(later[0])
                return True
        return False

    def _snapshot(self, name: str, feed: Feed, reader: Reader, since: int | None) -> None:
        past = tuple(entry for entry in feed.entries if entry.at > max(since or 0, feed.trimmed))
        at = feed.entries[-1].at if feed.entries else 0
        whole = (since or 0) >= feed.trimmed
        self._followed[name] = (reader, at)
        reader.snapshot(Snapshot(name, at, len(feed.entries), dict(feed.state), past, whole))

    def _claim(self, name: NameClaim) -> Granted | Taken:
        held = self.world.names.get(name.skeleton)
        free = held is None or (held.owner is self and held.claim.member == name.member)
        if held is not None and not free and name.before not in held.claim.now.split():
            owner = held.owner
            return Taken(owner.node, owner.incarnation, held.claim.member, held.claim.shown)
        self.world.names[name.skeleton] = Held(self, name, self.world.now + LIFE)
        self._claims.append(name)
        return Granted()

    def _release(self, name: NameClaim) -> None:
        held = self.world.names.get(name.skeleton)
        if held is not None and held.owner is self and held.claim.member == name.member:
            del self.world.names[name.skeleton]
        self._claims = [each for each in self._claims if each != name]

    def _make(self, key: str, skeleton: str, body: Body, most: int) -> int | Alike | TooMany:
        rooms = {k: b for k, b in self.world.feed("hall").state.items() if k.startswith("room/")}
        if f"room/{key}" in rooms:
            return int(rooms[f"room/{key}"]["number"])
        if len(rooms) >= most:
            return TooMany()
        number = next(n for n in range(1, 4096) if n not in {b["number"] for b in rooms.values()})
        made = {**body, "number": number}
        self.world.add("hall", made, "", {f"room/{key}": made})
        return number
