"""The history's file under the running program: deleted, wrong names, other readers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.integration.chatroom_process import PATIENCE, ROOT
from tests.integration.conftest import Connect, Start


def test_a_file_that_is_deleted_is_made_anew_and_members_are_told(
    launch: Start, connect: Connect
) -> None:
    server = launch()
    ann = connect(server, "ann")
    ann.type("before")
    ann.expect("ann: before")
    for file in server.history.parent.glob("history.sqlite3*"):
        file.unlink()
    ann.type("after")
    ann.expect("it has been made anew, and nothing is lost")
    code, _, log = server.stop()
    assert code == 0
    assert f"It is {server.history}." in log
    again = launch()
    bob = connect(again, "bob")
    bob.type("/history")
    bob.expect("ann: before")
    bob.expect("ann: after")


def test_a_named_history_that_cannot_be_used_ends_the_start(tmp_path: Path) -> None:
    wrong = tmp_path / "history"
    wrong.write_text("This is no database, however one looks at it. " * 100)
    done = chatroom("examples.chatroom", "--history", str(wrong), "--port", "0")
    why = "its file is no database"
    assert done.stderr == f"The history in {wrong} cannot be used: {why}.\n"
    assert (done.returncode, done.stdout) == (1, "")


def test_a_room_is_exported_while_the_server_runs(launch: Start, connect: Connect) -> None:
    server = launch()
    ann = connect(server, "ann")
    ann.type("for the archive")
    ann.expect("ann: for the archive")
    done = chatroom(
        "examples.chatroom.history", "export", "lobby", "--history", str(server.history)
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("ann: for the archive\n")
    ann.type("and on")
    ann.expect("ann: and on")


def chatroom(module: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the chat room to its end."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", module, *options],
        cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
