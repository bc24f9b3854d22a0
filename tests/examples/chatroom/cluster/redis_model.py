"""A Redis server on the simulated network, with faults on request.

    net = SimulatedNetwork(seed)
    redis = RedisModel(net)                  # listens at once, on redis.address
    ...
    redis.kill(); redis.start()              # SIGKILL, and back with all data
    redis.save(); ...; redis.kill(); redis.start(lost=True)     # back as it was at save()
    redis.start(loading=3.0)                 # answers LOADING for three seconds
    redis.refuse("OOM out of memory")        # to all that writes; redis.refuse("") ends that
    redis.hang(); redis.go_on()              # SIGSTOP, SIGCONT: what has arrived is done then
    redis.cut(10)                            # the next reply ends after ten bytes, with a reset
    redis.scripts.forget()                   # NOSCRIPT
    redis.twist = lambda name, reply: [b"nonsense"]         # in the place of a reply

It supports RESP3, runs the real Lua scripts, and takes its time from the network.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from examples.redis.address import Address
from miniloop.testing import SimulatedNetwork
from miniloop.testing.peer import Peer, PeerServer
from tests.examples.chatroom.cluster.redis_connection import Connection
from tests.examples.chatroom.cluster.redis_data import RedisData
from tests.examples.chatroom.cluster.redis_scripts import RedisScripts
from tests.examples.chatroom.cluster.resp import RedisError

WALL = 1_780_000_000.0
"""The engine's clock when the network's is 0."""


class RedisModel:
    """The server.

    Args:
        net: The network.
        name: Its host name.
        ip: Its address.
        port: Its port.
        password: The password for AUTH; "" for none.

    Attributes:
        data: The keys.
        scripts: The scripts that it has.
        seen: How often each command has arrived.
        twist: Replaces a reply, given the command's name and the reply; not that of the greeting.
    """

    def __init__(
        self,
        net: SimulatedNetwork,
        *,
        name: str = "engine",
        ip: str = "192.0.2.9",
        port: int = 6379,
        password: str = "",
    ) -> None:
        self.net = net
        self.address = Address(name, port)
        self.password = password
        self.data = RedisData(lambda: WALL + net.now)
        self.scripts = RedisScripts(self._execute)
        self.seen: dict[str, int] = {}
        self.twist: Callable[[str, Any], Any] | None = None
        self._place = (ip, port)
        self._saved = copy.deepcopy((self.data.values, self.data.expiries))
        self._server: PeerServer | None = None
        self._connections: dict[int, Connection] = {}
        self._count = 0
        self._refusal = ""
        self._loading_until = 0.0
        self._hung = False
        self._cut: int | None = None
        net.hosts[name] = [ip]
        self.start()

    # -- faults -----------------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        return self._server is not None

    def start(self, *, lost: bool = False, loading: float = 0.0) -> None:
        """Restart the server.

        Args:
            lost: Whether everything since `save()` is lost.
            loading: Seconds in which it answers LOADING.
        """
        if lost:
            self.data.values, self.data.expiries = copy.deepcopy(self._saved)
        self.scripts.forget()
        self._loading_until = self.net.now + loading
        self._hung = False
        self._server = self.net.listen(self._place)
        self._server.peers = _Arrivals(self._arrived)

    def kill(self) -> None:
        """End as by SIGKILL, which resets the connections; idempotent."""
        if self._server is not None:
            self._server.close()
            self._server = None
            self.drop_connections()

    def drop_connections(self) -> None:
        """Reset all connections."""
        for connection in [*self._connections.values()]:
            connection.end()

    def save(self) -> None:
        """Write everything to the disk."""
        self._saved = copy.deepcopy((self.data.values, self.data.expiries))

    def refuse(self, error: str) -> None:
        """Answer all writing commands with this error; "" ends that."""
        self._refusal = error

    def hang(self) -> None:
        """Stop processing input."""
        self._hung = True

    def go_on(self) -> None:
        """Process the input that has arrived meanwhile."""
        self._hung = False
        for connection in [*self._connections.values()]:
            connection.work()

    def cut(self, after: int) -> None:
        """Reset the next connection that is answered, after this many bytes of the reply."""
        self._cut = after

    # -- connections ------------------------------------------------------------------------------

    def _arrived(self, peer: Peer) -> None:
        self._count += 1
        self._connections[self._count] = Connection(self, self._count, peer)

    def forget(self, number: int) -> None:
        self._connections.pop(number, None)

    @property
    def hung(self) -> bool:
        return self._hung

    def take_cut(self) -> int | None:
        cut, self._cut = self._cut, None
        return cut

    def find(self, number: int) -> Connection | None:
        return self._connections.get(number)

    def look_again(self) -> None:
        """Answer blocked reads after a write."""
        for connection in [*self._connections.values()]:
            connection.look_again()

    # -- commands ---------------------------------------------------------------------------------

    def answer(self, connection: Connection, words: list[bytes]) -> Any:
        """Run a command and return the reply."""
        name = words[0].decode("latin-1").upper()
        self.seen[name] = self.seen.get(name, 0) + 1
        try:
            self._check(connection, name)
            own = getattr(connection, "do_" + name.lower(), None)
            reply = own(*words[1:]) if own else self._run(name, words)
        except RedisError as error:
            return error
        if self.data.added:
            self.data.added = False
            self.look_again()
        return self.twisted(name, reply)

    def twisted(self, name: str, reply: Any) -> Any:
        if self.twist is None or name in ("HELLO", "PING"):
            return reply
        return self.twist(name, reply)

    def _check(self, connection: Connection, name: str) -> None:
        if self.net.now < self._loading_until and name != "HELLO":
            raise RedisError("LOADING Redis is loading the dataset in memory")
        if self.password and not connection.known and name not in ("HELLO", "AUTH"):
            raise RedisError("NOAUTH Authentication required.")
        if self._refusal and name in RedisData.WRITES:
            raise RedisError(self._refusal)

    def _run(self, name: str, words: list[bytes]) -> Any:
        if name == "EVAL":
            words[1] = self.scripts.load(words[1])
        if name in ("EVAL", "EVALSHA"):
            return self.scripts.run(words[1], int(words[2]), words[3:])
        return self._execute(words)

    def _execute(self, words: list[bytes]) -> Any:
        return self.data.execute(words)


class _Arrivals(list[Peer]):
    """The listener's connections; reports each new one."""

    def __init__(self, arrived: Callable[[Peer], None]) -> None:
        super().__init__()
        self._arrived = arrived

    def append(self, peer: Peer) -> None:
        super().append(peer)
        self._arrived(peer)
