"""A Redis Cluster of three masters as children of the tests."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from tests.integration.redis_server import PATIENCE, RedisServer, free_port

RANGES = ((0, 5460), (5461, 10922), (10923, 16383))


class RedisServers:
    """The cluster.

    Attributes:
        servers: the masters; each has a third of the slots.
    """

    def __init__(self, folder: Path) -> None:
        self.servers = [self._make(folder / str(number)) for number in range(3)]
        for server in self.servers:
            server.wait()
        for server, (first, last) in zip(self.servers, RANGES, strict=True):
            self.ask(server, "CLUSTER", "ADDSLOTSRANGE", str(first), str(last))
            for other in self.servers:
                if other is not server:
                    self.ask(
                        server,
                        "CLUSTER",
                        "MEET",
                        "127.0.0.1",
                        str(other.port),
                        other.options["cluster-port"],
                    )
        self.wait()

    @staticmethod
    def _make(folder: Path) -> RedisServer:
        folder.mkdir()
        return RedisServer(
            folder, **{"cluster-enabled": "yes", "cluster-node-timeout": "2000",
                       "cluster-port": str(free_port())},
        )  # fmt: skip

    @staticmethod
    def ask(server: RedisServer, *words: str) -> str:
        done = subprocess.run(
            ["redis-cli", "-p", str(server.port), *words],
            capture_output=True, text=True, timeout=PATIENCE, check=True,
        )  # fmt: skip
        return done.stdout.strip()

    def wait(self) -> None:
        """Wait until all know of all slots."""
        deadline = time.monotonic() + PATIENCE
        while not all("cluster_state:ok" in self.ask(each, "CLUSTER", "INFO") and
                      "cluster_known_nodes:3" in self.ask(each, "CLUSTER", "INFO")
                      for each in self.servers):  # fmt: skip
            assert time.monotonic() < deadline, "the cluster does not come up"
            time.sleep(0.05)  # between two questions: there is nothing else to wait for

    def kill(self) -> None:
        for server in self.servers:
            server.kill()
