from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.chatroom.hall.history import AddMessage, SaveRoom
from examples.chatroom.storage import reading as module
from examples.chatroom.storage.problems import StoreError
from examples.chatroom.storage.reading import reading
from miniloop import EventLoop
from tests.examples.chatroom.storage.diaries import NOON, OK, Diary, add, ids, said


@pytest.fixture
def diary(loop: EventLoop, tmp_path: Path) -> Iterator[Diary]:
    diary = Diary(loop, tmp_path / "history.db")
    diary.write(SaveRoom("attic", "Attic"))
    diary.write(*(AddMessage("lobby", said(n, at=NOON + n)) for n in range(1, 6)))
    yield diary
    diary.store.close()


def test_a_room_is_read_while_the_server_runs(
    diary: Diary, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = module._PIECE.replace(str(module.PIECE), "2")
    monkeypatch.setattr(module, "_PIECE", small)
    with reading(diary.path) as history:
        assert history.rooms() == ["Attic", "Lobby"]
        messages = history.messages("lobby")
        assert next(messages) == said(1, at=NOON + 1)
        assert diary.write(AddMessage("lobby", said(6, at=NOON + 6))) == OK
        assert ids(list(messages)) == [2, 3, 4, 5, 6]
        assert ids(list(history.messages("lobby", NOON + 2, NOON + 4))) == [2, 3]
        assert list(history.messages("nowhere")) == []


def test_it_changes_nothing(diary: Diary) -> None:
    with (
        pytest.raises(StoreError, match="it may be read only"),
        reading(diary.path) as history,
    ):
        history._connection.execute("DELETE FROM messages")


def test_a_copy_is_whole_and_for_its_owner_alone(diary: Diary, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    with reading(diary.path) as history:
        history.copy_to(copy)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    again = Diary(diary.loop, copy)
    assert ids(again.page().messages) == [1, 2, 3, 4, 5]
    assert again.write(add(6)) == OK
    again.store.close()


def test_a_copy_overwrites_nothing(diary: Diary, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_text("precious")
    with pytest.raises(FileExistsError), reading(diary.path) as history:
        history.copy_to(there)
    assert there.read_text() == "precious"


def test_nothing_is_left_of_a_copy_that_failed(
    diary: Diary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "copy.db"
    with reading(diary.path) as history:
        history._connection.close()
        with pytest.raises(sqlite3.ProgrammingError):
            history.copy_to(copy)
    assert not copy.exists()


def test_what_is_no_history_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x"
    with pytest.raises(StoreError, match="There is no history in"), reading(path):
        pass
    path.write_text("a diary that is longer than the first line of a database " * 20)
    with pytest.raises(StoreError, match="its file is no database"), reading(path):
        pass
    path.unlink()
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE accounts (name)")
    other.close()
    with pytest.raises(StoreError, match="is no history of a chat room"), reading(path):
        pass


def test_an_older_format_is_read_and_a_newer_one_refused(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    old = sqlite3.connect(path)
    old.executescript(Path(__file__).with_name("format_1.sql").read_text())
    with reading(path) as history:
        assert history.rooms() == []
        assert list(history.messages("lobby")) == []
    old.execute("PRAGMA user_version = 99")
    old.close()
    with pytest.raises(StoreError, match="is of format 99; this chat room knows 3"), reading(path):
        pass
