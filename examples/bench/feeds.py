"""How long an entry takes from one node of a chat room to another, over Redis.

    redis-server --port 7000 --save '' &
    python3 -m examples.bench.feeds --cluster redis://127.0.0.1:7000 --rate 5000 --seconds 5

Two nodes in one process publish by turns and follow all rooms.  An entry's time goes from
`publish()` at one node to the reader of the other; it contains the gathering of a batch, the
script, and both nodes' work.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import time
from collections.abc import Sequence

from examples.chatroom.cluster.engine_options import EngineOptions
from examples.chatroom.cluster.feeds import Feeds
from examples.chatroom.cluster.interface import Entry, NameClaim, Snapshot
from examples.redis_client import parse_url
from miniloop import EventLoop

TICK = 0.001
"""Seconds between two groups of entries."""

PATIENCE = 10.0
"""Seconds that the engine has to come up, and the last entries to arrive."""


class Silent:
    """A watcher without interest."""

    def up(self) -> None: ...  # noqa: D102 - see the protocol
    def down(self, reason: str) -> None: ...  # noqa: D102
    def buried(self) -> None: ...  # noqa: D102
    def name_lost(self, name: NameClaim) -> None: ...  # noqa: D102


class Load:
    """Two nodes, and the times of what goes from one to the other.

    Args:
        loop: The loop that serves both.
        options: The engine.
        rooms: Rooms that the entries go to by turns.
    """

    def __init__(self, loop: EventLoop, options: EngineOptions, rooms: int) -> None:
        self.loop = loop
        self.times: list[float] = []
        self.sent = 0
        self._rooms = [f"room:{number}" for number in range(rooms)]
        self.nodes = [
            Feeds(loop, options, node=f"bench{each}", incarnation=secrets.token_hex(6),
                  watcher=Silent())
            for each in range(2)
        ]  # fmt: skip
        for number, node in enumerate(self.nodes):
            for room in self._rooms:
                node.follow(room, _Arrivals(self.times, 1 - number), None)

    def run(self, rate: float, seconds: float) -> float:
        """Publish; return the processor time that it took, in seconds."""
        self._until(lambda: all(node.up for node in self.nodes))
        self._until(lambda: not any(node.figures().catching_up for node in self.nodes))
        begin, work = time.monotonic(), time.process_time()
        while (passed := time.monotonic() - begin) < seconds:
            while self.sent < passed * rate:
                self._publish()
            self.loop.run_once(TICK)
        self._until(lambda: len(self.times) == self.sent)
        return time.process_time() - work

    def _publish(self) -> None:
        node = self.sent % 2
        body = {"from": node, "at": time.monotonic(), "text": "x" * 60}
        self.nodes[node].publish(self._rooms[self.sent % len(self._rooms)], body)
        self.sent += 1

    def _until(self, condition: object) -> None:
        assert callable(condition)
        end = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError(self.nodes[0].reason or "the entries do not arrive")
            self.loop.run_once(0.01)


class _Arrivals:
    """Takes the time of what the other node has sent."""

    def __init__(self, times: list[float], other: int) -> None:
        self._times = times
        self._other = other

    def snapshot(self, snapshot: Snapshot) -> None: ...

    def entry(self, entry: Entry) -> None:
        if entry.body["from"] == self._other:
            self._times.append(time.monotonic() - entry.body["at"])


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python3 -m examples.bench.feeds")
    parser.add_argument("--cluster", default="redis://127.0.0.1", metavar="URL")
    parser.add_argument("--rate", type=float, default=5000, help="entries a second")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rooms", type=int, default=10)
    options = parser.parse_args(arguments)
    prefix = f"bench-{secrets.token_hex(4)}"  # a feed of its own each time
    with EventLoop() as loop:
        engine = EngineOptions(parse_url(options.cluster), prefix=prefix)
        load = Load(loop, engine, options.rooms)
        try:
            work = load.run(options.rate, options.seconds)
        except TimeoutError as problem:
            print(f"feeds: {problem}", file=sys.stderr)
            return 1
        finally:
            for node in load.nodes:
                node.end()
    times = sorted(load.times)
    middle, late = times[len(times) // 2], times[len(times) * 99 // 100]
    print(f"{load.sent} entries, {load.sent / options.seconds:.0f} a second, {options.rooms} rooms")
    print(f"node to node: median {middle * 1000:.2f} ms, 99th percentile {late * 1000:.2f} ms")
    print(f"both nodes: {work / load.sent * 1e6:.0f} us of processor time an entry")
    return 0


if __name__ == "__main__":
    sys.exit(main())
