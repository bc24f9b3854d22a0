"""Older histories are upgraded."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import pytest

from examples.chatroom.storage import schema
from examples.chatroom.storage.history_file import HistoryFile
from examples.chatroom.storage.problems import StoreError

FORMAT_1 = Path(__file__).with_name("format_1.sql")


def ask(file: HistoryFile, question: str) -> object:
    return file.connection.execute(question).fetchone()[0]


def old_history(path: Path, *statements: str) -> None:
    """Make a history of the first format."""
    connection = sqlite3.connect(path)
    connection.executescript(FORMAT_1.read_text())
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


ROOM_1 = "INSERT INTO rooms (key, shown, used) VALUES ('attic', 'Attic', 5)"
MESSAGE_1 = (
    "INSERT INTO messages (room, kind, sender, text, at) VALUES (1, 'said', 'Ada', 'old words', 5)"
)


def shape(file: HistoryFile) -> list[object]:
    """Return the tables' columns and the names of all objects."""
    tables = ("rooms", "messages", "sanctions", "upkeep")
    columns = [
        file.connection.execute(f"SELECT name, type FROM pragma_table_info('{table}')").fetchall()
        for table in tables
    ]
    names = file.connection.execute("SELECT name FROM sqlite_schema ORDER BY name").fetchall()
    return [columns, names, ask(file, "PRAGMA user_version")]


def test_an_older_history_becomes_a_newer_one_with_all_it_has(tmp_path: Path) -> None:
    old_history(tmp_path / "old.db", ROOM_1, MESSAGE_1)
    new, old = HistoryFile(tmp_path / "new.db"), HistoryFile(tmp_path / "old.db")
    assert shape(old) == shape(new)
    assert ask(old, "SELECT text FROM messages") == "old words"
    assert ask(old, "SELECT rowid FROM words WHERE words MATCH 'words'") == 1
    assert ask(old, "SELECT time FROM upkeep") == 5
    assert ask(old, "PRAGMA integrity_check") == "ok"
    new.close()
    old.close()
    HistoryFile(tmp_path / "old.db").close()  # and it is not done twice


def test_an_upgrade_does_not_believe_in_messages_of_the_future(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    old_history(path, ROOM_1, MESSAGE_1, "UPDATE messages SET at = 9e9")
    file = HistoryFile(path)
    known = ask(file, "SELECT time FROM upkeep")
    assert isinstance(known, float)
    assert abs(known - time.time()) < 3600
    file.close()


def test_an_upgrade_that_fails_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "old.db"
    old_history(path)
    steps = schema.UPGRADES[1]
    monkeypatch.setitem(schema.UPGRADES, 1, (*steps, "DROP TABLE nothing"))
    with pytest.raises(StoreError):
        HistoryFile(path)
    monkeypatch.undo()
    HistoryFile(path).close()
