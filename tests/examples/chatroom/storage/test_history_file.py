from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from examples.chatroom.storage import history_file
from examples.chatroom.storage.history_file import HistoryFile, transaction
from examples.chatroom.storage.problems import StoreError
from examples.chatroom.storage.schema import VERSION

ROOT = Path(__file__).parents[4]


def fail() -> None:
    raise ValueError("on purpose")


def ask(file: HistoryFile, question: str) -> object:
    return file.connection.execute(question).fetchone()[0]


def refusal(path: Path) -> str:
    with pytest.raises(StoreError) as caught:
        HistoryFile(path)
    text = str(caught.value)
    assert "\n" not in text
    assert text.endswith(".")
    return text


def make(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_file_and_folder_are_made_for_this_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "some" / "where" / "history.db"
    file = HistoryFile(path)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    for each in path.parent.iterdir():
        assert stat.S_IMODE(each.stat().st_mode) == 0o600, each
    file.close()
    file.close()
    assert not path.with_name("history.db-wal").exists()


def test_it_is_set_up_for_safety(tmp_path: Path) -> None:
    for _ in range(2):  # made, and opened again
        file = HistoryFile(tmp_path / "history.db")
        assert ask(file, "PRAGMA journal_mode") == "wal"
        assert ask(file, "PRAGMA synchronous") == 2  # FULL
        assert ask(file, "PRAGMA foreign_keys") == 1
        assert ask(file, "PRAGMA auto_vacuum") == 2  # INCREMENTAL
        assert ask(file, "PRAGMA busy_timeout") == 1000
        assert ask(file, "PRAGMA user_version") == VERSION
        file.close()


def test_an_empty_file_is_a_new_history(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    path.touch()
    HistoryFile(path).close()
    make(path, "INSERT INTO rooms (key, shown, used) VALUES ('attic', 'Attic', 0)")


def test_the_future_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    HistoryFile(path).close()
    make(path, f"PRAGMA user_version = {VERSION + 1}")
    assert "a newer chat room made it" in refusal(path)
    make(path, "PRAGMA user_version = 0")
    assert "its format 0 is unknown" in refusal(path)


def test_other_files_are_refused_and_left_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    make(path, "CREATE TABLE accounts (name)")
    before = path.read_bytes()
    assert "the database of some other program" in refusal(path)
    assert path.read_bytes() == before
    path.write_text("This is a diary, and longer than a database's first line has to be." * 20)
    before = path.read_bytes()
    assert "its file is no database" in refusal(path)
    assert path.read_bytes() == before


def test_a_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    HistoryFile(path).close()
    os.truncate(path, 5000)
    assert "its file is damaged" in refusal(path)


def test_places_where_nothing_can_be_are_refused(tmp_path: Path) -> None:
    assert "cannot be opened" in refusal(tmp_path)
    (tmp_path / "file").touch()
    refusal(tmp_path / "file" / "history.db")
    refusal(Path("/proc/miniloop/history.db"))  # not even for the administrator


@pytest.mark.skipif(os.getuid() == 0, reason="everything is permitted to the administrator")
def test_permissions_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    HistoryFile(path).close()
    path.chmod(0o400)
    assert "it may be read only" in refusal(path)
    path.chmod(0o600)
    tmp_path.chmod(0o500)
    assert "cannot be" in refusal(path)
    tmp_path.chmod(0o700)


def test_a_place_without_write_ahead_log_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = sqlite3.connect
    monkeypatch.setattr(
        history_file, "_connect", lambda path: connect(":memory:", isolation_level=None)
    )
    assert "allows no write-ahead log" in refusal(tmp_path / "history.db")


def test_an_old_sqlite_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 36, 0))
    with pytest.raises(StoreError, match=r"needs SQLite 3\.37\.0, not"):
        HistoryFile(tmp_path / "history.db")


def test_a_lock_at_the_start_is_waited_for_and_then_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_file, "BUSY_TIMEOUT", 0.01)
    path = tmp_path / "history.db"
    HistoryFile(path).close()
    shell = sqlite3.connect(path)
    shell.execute("BEGIN IMMEDIATE")
    assert "another program has it locked" in refusal(path)
    shell.close()
    HistoryFile(path).close()


def by_its_name(path: Path) -> Path:
    return path


def by_a_link(path: Path) -> Path:
    link = path.with_name("link.db")
    link.symlink_to(path)
    return link


@pytest.mark.parametrize("name", [by_its_name, by_a_link])
def test_a_second_server_is_refused(tmp_path: Path, name: Callable[[Path], Path]) -> None:
    path = tmp_path / "history.db"
    first = HistoryFile(path)
    for _ in range(2):
        second = subprocess.run(
            [sys.executable, "-c", OPEN, str(name(path)) if not _ else str(path)],
            cwd=ROOT, capture_output=True, text=True, timeout=20, check=False,
        )  # fmt: skip
        assert "another chat server uses it" in second.stderr
    assert "another chat server uses it" in refusal(path)
    with transaction(first.connection):  # and the first one is unaffected
        first.connection.execute("INSERT INTO sanctions VALUES ('ban', 'x', NULL, '', '')")
    first.close()
    HistoryFile(path).close()


OPEN = """
import sys
from pathlib import Path
from examples.chatroom.storage.history_file import HistoryFile
file = HistoryFile(Path(sys.argv[1]))
print("open", flush=True)
sys.stdin.read()
"""


def test_a_killed_server_leaves_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    first = subprocess.Popen(
        [sys.executable, "-c", OPEN, str(path)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with first:
        assert first.stdout is not None
        assert first.stdout.readline() == "open\n"
        assert "another chat server uses it" in refusal(path)
        first.kill()
    HistoryFile(path).close()


def test_the_shell_may_read_and_write_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    file = HistoryFile(path)
    make(path, "INSERT INTO rooms (key, shown, used) VALUES ('attic', 'Attic', 0)")
    assert ask(file, "SELECT shown FROM rooms") == "Attic"
    file.close()


def test_a_transaction_is_done_or_not(tmp_path: Path) -> None:
    file = HistoryFile(tmp_path / "history.db")
    add = "INSERT INTO sanctions VALUES ('ban', 'x', NULL, '', '')"
    with contextlib.suppress(ValueError), transaction(file.connection):
        file.connection.execute(add)
        fail()
    assert ask(file, "SELECT count(*) FROM sanctions") == 0
    with transaction(file.connection):
        file.connection.execute(add)
    assert ask(file, "SELECT count(*) FROM sanctions") == 1
    file.close()
