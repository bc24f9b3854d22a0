"""The processes: one engine, and nodes that reach it through a proxy that can be cut."""

from __future__ import annotations

import contextlib
import re
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from tests.integration.chatroom_process import NO_FLOOD_LIMIT, Server
from tests.integration.proxy import Proxy
from tests.integration.redis_server import RedisServer, free_port

LEASE = 3.0
"""Seconds that a name is held after its node stopped: less than the default, for quick tests."""

COMMAND = 250
"""Approximate bytes of a command in the engine's file."""

OPTIONS = (
    *("--history-page", "100000", "--max-output", "100000000", "--max-per-address", "1000"),
    *("--frame-rate", "1000000", "--frame-burst", "1000000"),
    *("--resume-grace", "2", "--new-rooms", "1000", "--rooms-per-address", "1000"),
    *("--cluster-lease", str(LEASE), *NO_FLOOD_LIMIT),
)


BAD = re.compile(r"^[-\d]+ [:,\d]+ (ERROR|CRITICAL) |^Traceback|Warning: ")


class Node:
    """One node: its process, its data, its own proxy to the engine.

    Attributes:
        name: Its name in the cluster.
        proxy: The proxy to the engine.
        server: The present or last process.
    """

    def __init__(self, name: str, folder: Path, engine_port: int, *more: str) -> None:
        self.name = name
        self.proxy = Proxy(engine_port)
        self._folder = folder / name
        self._log = folder / f"{name}.log"
        self._more = more
        self._ports = ("--port", str(free_port()), "--web-port", str(free_port()))
        self.server = self._start()

    def _start(self) -> Server:
        cluster = ("--cluster", f"redis://127.0.0.1:{self.proxy.port}", "--node", self.name)
        with self._log.open("a") as log:
            return Server(self._folder, *self._ports, *cluster, *OPTIONS, *self._more, log=log)

    def start(self) -> None:
        """Restart it on the same ports and data."""
        self.server = self._start()

    def end_in_order(self) -> None:
        """Stop it with SIGTERM."""
        code, _, _ = self.server.stop()
        assert code == 0, self._log.read_text()

    def log(self) -> str:
        """Return the log of all its processes."""
        return self._log.read_text()

    def check_log(self) -> None:
        """Check that the log of all its processes has no error."""
        log = self._log.read_text()
        bad = [line for line in log.splitlines() if BAD.search(line)]
        assert not bad, f"{self.name}: {log[log.index(bad[0]) :][:2000]}"

    def cut(self) -> None:
        """Cut it off from the engine until `heal()`."""
        self.proxy.refusing = True
        self.proxy.cut()

    def heal(self) -> None:
        """Reconnect it to the engine."""
        self.proxy.refusing = False

    def texts(self, room: str) -> list[str]:
        """Return the texts of a room in its own history, in order."""
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

    def __init__(self, folder: Path, *more: str, count: int = 3) -> None:
        (folder / "engine").mkdir()
        # With everysec Redis holds a write back while its disk is slow, and a SIGKILL then loses
        # what it has acknowledged: true, and no fault of the nodes.
        self.engine = RedisServer(folder / "engine", appendfsync="always")
        self.engine.wait()
        self.nodes = [
            Node(f"node{number}", folder, self.engine.port, *more) for number in range(1, count + 1)
        ]

    def end_in_order(self) -> None:
        """Stop all nodes, and check their logs."""
        for node in self.nodes:
            node.end_in_order()
            node.check_log()

    def close(self) -> None:
        """Stop everything, in any state."""
        for node in self.nodes:
            with contextlib.suppress(ProcessLookupError):
                node.server.process.send_signal(signal.SIGCONT)
            node.server.kill()
            node.proxy.close()
        self.engine.kill()


def slowly(town: Town, seconds: float) -> dict[str, str]:
    """Return options with which the engine takes about this long to load its data."""
    size = sum(file.stat().st_size for file in (town.engine.folder / "appendonlydir").iterdir())
    delay = int(seconds * 1e6 / max(1, size // COMMAND))
    return {"key-load-delay": str(delay), "loading-process-events-interval-bytes": "1024"}


@contextlib.contextmanager
def running(folder: Path, *more: str, count: int = 3) -> Iterator[Town]:
    """Run a town for the length of a `with` block; `more` are options of its nodes."""
    town = Town(folder, *more, count=count)
    try:
        yield town
    finally:
        town.close()
