"""A contestant running under a warden, for the length of a `with` block."""

from __future__ import annotations

import re
import select
import subprocess
import sys
import tempfile
from types import TracebackType

from examples.bench.allocator import environment
from examples.bench.machine import pinned
from examples.bench.process import ROOT, Address

from . import tree
from .contestants import Contestant

START_LIMIT = 30  # seconds until a server must have said its port
SERVING = re.compile(r"Serving on (\S+) port (\d+)")


class CannotServe(Exception):
    """Why a method cannot do what it is asked: a sentence for the table."""


class Server:
    """Starts a contestant, and ends it with all its processes after the block.

    Args:
        contestant: Which one.
        core: The core to keep it on; None leaves that to the system.

    Raises:
        CannotServe: On entering, if it ended before it listened; with its last words.
    """

    def __init__(self, contestant: Contestant, core: int | None = None) -> None:
        self.contestant = contestant
        self.core = core

    def __enter__(self) -> Server:
        warden = [sys.executable, "-m", "examples.servers.lab.warden", *self.contestant.command]
        self._errors = tempfile.TemporaryFile()  # closed in end()
        with pinned(self.core):  # the child inherits it
            self._warden = subprocess.Popen(
                warden,
                cwd=ROOT,
                env=environment(self.contestant.allocator),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                start_new_session=True,  # Ctrl-C is for us: a terminal sends it to its whole group
            )
        try:
            self.address = self._read_address()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.end()

    def _read_address(self) -> Address:
        """Read the address from the server's first line."""
        assert self._warden.stdout is not None
        if not select.select([self._warden.stdout], [], [], START_LIMIT)[0]:
            raise CannotServe(f"did not say its port within {START_LIMIT} s")
        said = self._warden.stdout.readline().decode(errors="replace")
        if match := SERVING.match(said):
            return match[1], int(match[2])
        self._warden.wait(START_LIMIT)
        raise CannotServe(self.last_words() or said.strip() or "ended before it listened")

    def last_words(self) -> str:
        """Return the last line that the server wrote to its standard error, if any."""
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").split("\n")
        return next((text.strip() for text in reversed(lines) if text.strip()), "")

    def cpu_seconds(self) -> float:
        """Return the CPU time of all its processes so far, of those too that ended."""
        return tree.cpu_seconds(self._warden.pid)

    def processes(self) -> list[tree.Process]:
        """Return its living processes, the warden not among them."""
        return tree.descendants(self._warden.pid)

    def end(self) -> None:
        """End all its processes at once; to do it again does no harm."""
        assert self._warden.stdin is not None
        assert self._warden.stdout is not None
        self._warden.stdin.close()
        self._warden.wait()
        self._warden.stdout.close()
        self._errors.close()
