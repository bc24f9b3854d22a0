"""``mypy --strict`` accepts a subclass of each class, for Python 3.13, and still finds mistakes."""

import importlib.util
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from miniloop.compat import asyncore
from tests.compat import typed_program
from tests.compat.conftest import Pair
from tests.compat.serving import serve

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent

MISTAKES = {
    "push": "def f(chat: asynchat.async_chat) -> None: chat.push('text')",
    "terminator": "def f(chat: asynchat.async_chat) -> None: chat.set_terminator(1.5)",
    "attribute": "def f(channel: asyncore.dispatcher) -> None: channel.getsockname()",
    "handler": (
        "class D(asyncore.dispatcher):\n    def handle_read(self, needed: int) -> None: ..."
    ),
}


@pytest.mark.skipif(importlib.util.find_spec("mypy") is None, reason="mypy is not installed")
def test_mypy_accepts_the_program_and_finds_the_mistakes(tmp_path: Path) -> None:
    """One run for both: starting mypy is what takes the time."""
    for name, code in MISTAKES.items():
        lines = f"from miniloop.compat import asynchat, asyncore\n\n{code}\n"
        (tmp_path / f"mistake_{name}.py").write_text(lines)
    command = [sys.executable, "-m", "mypy", "--strict", "--python-version", "3.13"]
    settings = ["--config-file", "", "--cache-dir", str(tmp_path / "cache")]
    programs = [HERE / "typed_program.py", *sorted(tmp_path.glob("mistake_*.py"))]
    done = subprocess.run(
        [*command, *settings, *map(str, programs)],
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    errors = [line for line in done.stdout.splitlines() if ": error:" in line]
    assert not [line for line in errors if "typed_program.py" in line], done.stdout + done.stderr
    found = {line.split("mistake_")[1].split(".")[0] for line in errors if "mistake_" in line}
    assert found == set(MISTAKES)


def test_the_typed_program_runs(pair: Callable[[], Pair]) -> None:
    ours, theirs = pair()
    server: Any = type("NoServer", (), {"_map": {}})()
    typed_program.Session(server, ours, "here")
    theirs.send(b"hello\r\n")
    expected = b"hello\r\n.more210"
    received = bytearray()

    def done() -> bool:
        try:
            received.extend(theirs.recv(100))
        except BlockingIOError:
            return False
        return bytes(received) == expected

    serve(asyncore, server._map, done)


def test_the_typed_tail_runs(map: dict[int, Any], pair: Callable[[], Pair]) -> None:
    ours, theirs = pair()
    tail = typed_program.Tail(ours.fileno(), map)
    theirs.send(b"line\n")
    serve(asyncore, map, lambda: tail.lines)
    assert tail.lines == ["line\n"]
    assert isinstance(ours, socket.socket)
