"""A server running in a process of its own, for the length of a `with` block."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import TracebackType

from .allocator import Allocator, environment

ROOT = Path(__file__).resolve().parents[2]

Address = tuple[str, int]


class ServerProcess:
    """Starts a server and kills it at the end of the block, whatever happened inside.

    Args:
        name: Which server, a key of `servers.MODULES`.
        kind: What it does: echo, lines or fanout.
        core: The core to keep it on; None leaves that to the system.
        allocator: The settings of the C library's allocator that it runs under.

    Raises:
        RuntimeError: On entering, if the server ended before it listened.
    """

    def __init__(
        self,
        name: str,
        kind: str,
        core: int | None = None,
        allocator: Allocator = Allocator.RAISED,
    ) -> None:
        self._environment = environment(allocator)
        self._command = [sys.executable, "-m", "examples.bench.serve", name, kind]
        if core is not None:
            self._command += ["--core", str(core)]

    def __enter__(self) -> ServerProcess:
        self._process = subprocess.Popen(
            self._command, cwd=ROOT, env=self._environment, stdout=subprocess.PIPE, text=True
        )
        try:
            assert self._process.stdout is not None
            port = self._process.stdout.readline()
            if not port:
                raise RuntimeError(f"{' '.join(self._command[2:])}: ended before it listened")
        except BaseException:
            self.kill()
            raise
        self.address: Address = ("127.0.0.1", int(port))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._process.pid

    def kill(self) -> None:
        """End the server at once; to do it again does no harm."""
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
