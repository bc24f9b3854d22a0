"""Commands from the documentation's pages that need nothing but this machine, run unchanged."""

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from examples.chatroom.storage.history_file import HistoryFile
from tests.book.pages import ROOT
from tests.docs.declared import COMMANDS, RUN_HERE

HERE = [command for command, why in COMMANDS.items() if why == RUN_HERE]
HISTORY = Path(".local/share/miniloop-chatroom/history.sqlite3")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a home with a history of the chat room, and our Python under its usual name."""
    history = HistoryFile(tmp_path / HISTORY)
    history.connection.execute("INSERT INTO rooms (key, shown, used) VALUES ('lobby', 'lobby', 0)")
    history.close()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python3").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (tmp_path / "bin" / "python3").chmod(0o755)
    return tmp_path


@pytest.mark.parametrize("command", HERE, ids=lambda command: command[:40])
def test_command(command: str, home: Path) -> None:
    program = command.split()[0]
    if program != "python3" and shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    environment = {
        **os.environ,
        "HOME": str(home),
        "XDG_DATA_HOME": "",
        "PATH": f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        ["bash", "-c", command], cwd=home, env=environment, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    if "copy.sqlite3" in command:
        copy = sqlite3.connect(home / "copy.sqlite3")
        assert copy.execute("SELECT shown FROM rooms").fetchall() == [("lobby",)]
        copy.close()
    if program == "openssl":
        assert "PRIVATE KEY" in (home / "key.pem").read_text()
        assert "CERTIFICATE" in (home / "cert.pem").read_text()
