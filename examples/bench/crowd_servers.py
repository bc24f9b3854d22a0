"""The chat room that `crowd.py` fills: one process, or several nodes of one cluster."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType

from .machine import cpu_time, die_with_parent, pinned
from .process import ROOT, Address

PATIENCE = 60.0  # seconds
OPEN = ("--log-level", "error", "--flood-rate", "100", "--flood-burst", "1000",
        "--address-rate", "1000000", "--address-burst", "1000000", "--max-members", "100000",
        "--max-per-address", "100000", "--max-rooms", "4000", "--new-rooms", "10000",
        "--rooms-per-address", "10000")  # fmt: skip


class Server:
    """The chat room in a process of its own, for the length of a `with` block.

    Args:
        core: The core to keep it on; None leaves that to the system.
        options: More options for its command line.

    Attributes:
        lines: Where the line door is.
        web: Where the web door is.
    """

    def __init__(self, core: int | None, *options: str) -> None:
        self._core = core
        self._options = options
        self._folder = tempfile.TemporaryDirectory(prefix="crowd-")

    def __enter__(self) -> Server:
        history = str(Path(self._folder.name, "history.sqlite3"))
        command = [sys.executable, "-m", "examples.chatroom", "--port", "0", "--web-port", "0"]
        with pinned(self._core):  # which the child inherits
            self._process = subprocess.Popen(
                [*command, "--history", history, *OPEN, *self._options],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                text=True,
            )
        self.pid = self._process.pid
        self.lines, self.web = self._addresses()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.communicate()
        self._folder.cleanup()

    def status(self) -> dict[str, object]:
        """What the server says of itself."""
        url = f"http://{self.web[0]}:{self.web[1]}/status.json"
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            status: dict[str, object] = json.load(answer)
            return status

    def memory(self, what: str = "VmRSS") -> float:
        """Its memory in MiB; `VmHWM` is the most it ever took (Linux)."""
        text = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(rf"^{what}:\s+(\d+) kB", text, re.MULTILINE)
        return int(found[1]) / 1024 if found else float("nan")

    def busy(self) -> float:
        """Seconds of CPU time that its loop's thread has had."""
        had = cpu_time(self.pid)
        return had.used if had else float("nan")

    def _addresses(self) -> tuple[Address, Address]:
        assert self._process.stdout is not None
        found: dict[str, Address] = {}
        for text in self._process.stdout:
            if match := re.search(r"(telnet |http://)([\d.]+)[ :](\d+)", text):
                found[match[1]] = (match[2], int(match[3]))
            if len(found) == 2:
                return found["telnet "], found["http://"]
        raise SystemExit("the chat room did not open both doors: is the extra [chat] installed?")


class Engine:
    """A redis-server without a disk, for the length of a `with` block."""

    def __enter__(self) -> Engine:
        if shutil.which("redis-server") is None:
            raise SystemExit("--cluster needs redis-server (Debian: apt-get install redis-server)")
        with socket.create_server(("127.0.0.1", 0)) as finder:
            port = finder.getsockname()[1]
        words = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "yes"]
        self._folder = tempfile.TemporaryDirectory(prefix="crowd-redis-")
        self._process = subprocess.Popen(
            ["redis-server", *words, "--dir", self._folder.name],
            stdout=subprocess.DEVNULL,
            preexec_fn=die_with_parent,
        )
        self.pid = self._process.pid
        self.url = f"redis://127.0.0.1:{port}"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.wait()
        self._folder.cleanup()

    def busy(self) -> float:
        """Seconds of CPU time that its main thread has had."""
        had = cpu_time(self.pid)
        return had.used if had else float("nan")


@contextlib.contextmanager
def serving(
    nodes: int, core: int | None, *, cluster: bool
) -> Iterator[tuple[Sequence[Server], Engine | None]]:
    """Start one server, or with `cluster` an engine and so many nodes on it."""
    with contextlib.ExitStack() as stack:
        if not cluster:
            yield [stack.enter_context(Server(core))], None
            return
        engine = stack.enter_context(Engine())
        options = [("--cluster", engine.url, "--node", f"node{n}") for n in range(1, nodes + 1)]
        yield [stack.enter_context(Server(core, *each)) for each in options], engine
