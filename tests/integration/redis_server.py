"""Debian's redis-server as a child of the tests, on a free port, in a temporary folder."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

PATIENCE = 30.0
"""Seconds until a server that does not answer is given up."""


class RedisServer:
    """A server whose data outlive it.

    Args:
        folder: for its data and its log.
        options: for its command line, without the dashes; "{port}" is replaced.
    """

    def __init__(self, folder: Path, **options: str) -> None:
        if shutil.which("redis-server") is None:
            pytest.skip("redis-server is not installed (Debian: redis-server)")
        self.folder = folder
        self.port = free_port()
        self.options = {
            "bind": "127.0.0.1", "port": "{port}", "dir": str(folder), "save": "",
            "appendonly": "yes", "appendfsync": "always", "logfile": "log", "daemonize": "no",
            **options,
        }  # fmt: skip
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        words = [
            word
            for name, value in self.options.items()
            for word in (f"--{name}", value.format(port=self.port))
        ]
        return subprocess.Popen(
            ["redis-server", *words], cwd=self.folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def wait(self) -> None:
        """Wait until it accepts connections."""
        deadline = time.monotonic() + PATIENCE
        while True:
            assert self.process.poll() is None, (self.folder / "log").read_text()
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE).close()
                return
            except ConnectionRefusedError:
                assert time.monotonic() < deadline, "redis-server does not listen"
                time.sleep(0.01)  # between two questions: there is nothing else to wait for

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def kill(self) -> None:
        """End it by SIGKILL; again is harmless."""
        self.process.kill()
        self.process.wait()

    def start(self, **options: str) -> None:
        """Start it again, on the same port and data, perhaps with more options."""
        self.options |= options
        self.process = self._start()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as finder:
        port: int = finder.getsockname()[1]
    return port
