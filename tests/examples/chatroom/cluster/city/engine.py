"""The engine of a schedule: a model of Redis, with a separate address for each node.

So one node can be cut off while the others are not.
"""

from __future__ import annotations

import errno
import json
from dataclasses import dataclass

from examples.redis.address import Address
from miniloop.testing import SimulatedNetwork
from miniloop.testing.peer import PeerServer

from ..redis_data import RedisData
from ..redis_model import RedisModel, _Arrivals

PORT = 6379


@dataclass(frozen=True)
class Line:
    """A message, as a room's stream has it."""

    at: int
    text: str
    sender: str
    nonce: str


class Engine(RedisModel):
    """The model, with an address for each node.

    Args:
        net: The network.
        nodes: The nodes' names.

    Attributes:
        said: All messages ever, by rooms' feeds, including those lost again.
        cut_off: The nodes that cannot reach it.
    """

    def __init__(self, net: SimulatedNetwork, nodes: str) -> None:
        self._ways: dict[str, str] = {node: f"192.0.3.{i}" for i, node in enumerate(nodes, 1)}
        self._servers: list[PeerServer] = []
        self.cut_off: set[str] = set()
        for node, ip in self._ways.items():
            net.hosts[f"engine-{node}"] = [ip]
        super().__init__(net)
        self.said: dict[str, list[Line]] = {}
        self.data.do_xadd = self._note  # type: ignore[method-assign]

    def way(self, node: str) -> Address:
        """Return the address of the engine for `node`."""
        return Address(f"engine-{node}", PORT)

    def start(self, *, lost: bool = False, loading: float = 0.0) -> None:
        super().start(lost=lost, loading=loading)
        for ip in self._ways.values():
            server = self.net.listen((ip, PORT))
            server.peers = _Arrivals(self._arrived)
            self._servers.append(server)

    def kill(self) -> None:
        servers, self._servers = self._servers, []
        for server in servers:
            server.close()
        super().kill()

    def unplug(self, node: str, number: int = errno.ETIMEDOUT) -> None:
        """Cut a node off."""
        self.cut_off.add(node)
        ip = self._ways[node]
        self.net.refuse((ip, PORT), number)
        for connection in [*self._connections.values()]:
            if connection._peer.address[0] == ip:
                connection.end()

    def plug(self, node: str) -> None:
        """Reconnect a node."""
        self.cut_off.discard(node)
        self.net.refuse((self._ways[node], PORT), None)

    def kept(self, feed: str) -> list[Line]:
        """Return the messages that were not lost again."""
        for key, stream in self.data.values.items():
            if key.decode().endswith(f":room:{feed}"):
                places = {place[0] for place, _ in stream.entries}
                return [line for line in self.said[feed] if line.at in places]
        return []

    def _note(self, key: bytes, *words: bytes) -> bytes:
        """Add an entry, and keep it in the journal if it is a message."""
        place = RedisData.do_xadd(self.data, key, *words)
        feed = key.decode().partition(":room:")[2]
        fields = dict(zip(words[4::2], words[5::2], strict=True))
        body = json.loads(fields[b"b"])
        if feed and body["do"] in ("said", "acted"):
            at, nonce = int(place.partition(b"-")[0]), fields[b"n"].decode()
            self.said.setdefault(feed, []).append(Line(at, body["text"], body["sender"], nonce))
        return place
