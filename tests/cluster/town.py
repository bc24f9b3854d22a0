"""The processes: one engine, and nodes whose way to it leads through a proxy that can be cut."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from tests.integration.chatroom_process import NO_FLOOD_LIMIT, Server
from tests.integration.proxy import Proxy
from tests.integration.redis_server import RedisServer, free_port

LEASE = 4.0
"""Seconds that a name outlives its node: less than the default, or each test would take longer."""

OPTIONS = (
    *("--history-page", "100000", "--max-output", "100000000", "--max-per-address", "1000"),
    *("--frame-rate", "1000000", "--frame-burst", "1000000"),
    *("--cluster-lease", str(LEASE), *NO_FLOOD_LIMIT),
)


class Node:
    """One node: its process, its data, its own way to the engine.

    Attributes:
        name: Its name in the cluster.
        proxy: The way to the engine.
        server: The process that runs, or ran last.
    """

    def __init__(self, name: str, folder: Path, engine_port: int) -> None:
        self.name = name
        self.proxy = Proxy(engine_port)
        self._folder = folder / name
        self._ports = ("--port", str(free_port()), "--web-port", str(free_port()))
        self.server = self._start()

    def _start(self) -> Server:
        cluster = ("--cluster", f"redis://127.0.0.1:{self.proxy.port}", "--node", self.name)
        return Server(self._folder, *self._ports, *cluster, *OPTIONS)

    def start(self) -> None:
        """Start it again on the same ports and data."""
        self.server = self._start()

    def end_in_order(self) -> None:
        """End it by SIGTERM."""
        code, _, log = self.server.stop()
        assert code == 0, log
        assert "Traceback" not in log, log

    def cut(self) -> None:
        """Cut it off from the engine until `heal()`."""
        self.proxy.refusing = True
        self.proxy.cut()

    def heal(self) -> None:
        """Let it reach the engine again."""
        self.proxy.refusing = False

    def texts(self, room: str) -> list[str]:
        """Return what its own history has of a room, in order."""
        with closing(sqlite3.connect(self.server.history)) as connection:
            rows = connection.execute(
                "SELECT m.text FROM messages m JOIN rooms r ON r.id = m.room"
                " WHERE r.key = ? ORDER BY m.id",
                (room,),
            ).fetchall()
        return [row[0] for row in rows]


class Town:
    """An engine and its nodes.

    Attributes:
        engine: The Redis server.
        nodes: The nodes.
    """

    def __init__(self, folder: Path, count: int = 3) -> None:
        (folder / "engine").mkdir()
        self.engine = RedisServer(folder / "engine", appendfsync="everysec")
        self.engine.wait()
        self.nodes = [
            Node(f"node{number}", folder, self.engine.port) for number in range(1, count + 1)
        ]

    def close(self) -> None:
        """End all of it, in any state."""
        for node in self.nodes:
            with contextlib.suppress(ProcessLookupError):
                node.server.process.send_signal(signal.SIGCONT)
            node.server.kill()
            node.proxy.close()
        self.engine.kill()


@contextlib.contextmanager
def running(folder: Path, count: int = 3) -> Iterator[Town]:
    """Run a town for the length of a `with` block."""
    town = Town(folder, count)
    try:
        yield town
    finally:
        town.close()
