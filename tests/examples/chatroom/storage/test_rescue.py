"""The history's file is deleted or replaced under the server."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from examples.chatroom.hall.history import ForgetRoom, SaveRoom, Written
from examples.chatroom.people.sanction import SaveSanction
from examples.chatroom.storage import sqlite_store
from examples.chatroom.storage.history_file import HistoryFile
from examples.chatroom.storage.looks import GONE
from examples.chatroom.storage.rescue import copy_out, put_in_place
from examples.chatroom.storage.sqlite_store import RENEWED
from miniloop import EventLoop
from tests.examples.chatroom.storage.diaries import NOON, OK, Diary, add, ids, reopened

BAN = SaveSanction("ban", "name:bob", NOON + 60, "Ada", "")
ATTIC = SaveRoom("attic", "Attic", "dust")


def delete(path: Path) -> None:
    path.unlink()


def delete_all(path: Path) -> None:
    for each in path.parent.glob(f"{path.name}*"):
        each.unlink()


def delete_folder(path: Path) -> None:
    shutil.rmtree(path.parent)


def put_text_there(path: Path) -> None:
    other = path.with_name("other")
    other.write_text("not a database")
    other.replace(path)


def put_an_older_copy_there(path: Path) -> None:
    with sqlite3.connect(path) as now, sqlite3.connect(path.with_name("older")) as older:
        now.backup(older)
        older.execute("DELETE FROM messages")
    now.close()
    older.close()
    path.with_name("older").replace(path)


@pytest.fixture
def diary(loop: EventLoop, tmp_path: Path) -> Iterator[Diary]:
    diary = Diary(loop, tmp_path / "folder" / "history.db")
    assert diary.write(ATTIC, BAN, *(add(number, "old words") for number in range(1, 300))) == OK
    yield diary
    diary.store.close()


WAYS = [delete, delete_all, delete_folder, put_text_there, put_an_older_copy_there]


@pytest.mark.parametrize("lose", WAYS)
def test_it_is_made_anew_with_all_it_had(diary: Diary, lose: Callable[[Path], None]) -> None:
    lose(diary.path)
    assert diary.write(add(300)) == Written(note=RENEWED)
    assert diary.write(add(301)) == OK
    assert diary.store.renewed == 1
    assert stat.S_IMODE(diary.path.stat().st_mode) == 0o600
    assert len(diary.search("old", count=999).messages) == 299
    with reopened(diary) as again:
        assert ids(again.page(count=999).messages) == list(range(1, 302))
        assert again.remembered().sanctions == (BAN,)
        assert again.remembered().rooms[0][0] == ATTIC
        check = again.store._connection.execute("PRAGMA integrity_check").fetchone()
        assert check == ("ok",)


def test_a_copy_that_cannot_be_put_in_place_is_kept_and_put_there_later(
    diary: Diary, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_an_older_copy_there(diary.path)
    rename = os.rename

    def refuse(source: object, target: object) -> None:
        raise PermissionError(1, "not allowed in this folder")

    monkeypatch.setattr(os, "rename", refuse)
    for _ in range(2):  # the second attempt must not open the other file
        assert diary.write(add(300)).problem
    assert diary.path.with_name("history.db-rescued-1").exists()
    monkeypatch.setattr(os, "rename", rename)
    assert diary.write(add(300)) == Written(note=RENEWED)
    assert len(diary.search("old", count=999).messages) == 299
    assert not diary.path.with_name("history.db-rescued-1").exists()


def test_a_copy_of_another_run_is_left_alone(diary: Diary) -> None:
    left = diary.path.with_name("history.db-rescued-1")
    left.write_text("all that an earlier run could save")
    delete(diary.path)
    assert diary.write(add(300)) == Written(note=RENEWED)
    assert left.read_text() == "all that an earlier run could save"


def test_what_lay_in_its_place_is_moved_aside(
    diary: Diary, caplog: pytest.LogCaptureFixture
) -> None:
    for number in (1, 2):
        put_text_there(diary.path)
        diary.write(add(300 + number))
        aside = diary.path.with_name(f"history.db-replaced-{number}")
        assert aside.read_text() == "not a database"
        assert str(aside) in caplog.text
    names = sorted(each.name for each in diary.path.parent.iterdir())
    assert not any("rescued" in name for name in names)


def test_a_log_that_came_with_another_file_is_moved_with_it(diary: Diary) -> None:
    put_text_there(diary.path)
    log = diary.path.with_name("history.db-wal")
    log.unlink()
    log.write_text("of the other file")
    diary.write(add(300))
    assert diary.path.with_name("history.db-replaced-1-wal").read_text() == "of the other file"
    assert len(diary.page(count=999).messages) == 300


def test_a_silent_room_notices_it_at_the_next_sweep(diary: Diary) -> None:
    delete(diary.path)
    assert diary.trim().problem == ""
    assert diary.path.exists()
    assert diary.store.renewed == 1
    assert diary.trim().problem == ""
    assert diary.write(add(300)) == Written(note=RENEWED)


def test_a_place_that_cannot_be_had_is_told_and_got_over(
    diary: Diary, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.rmtree(diary.path.parent)
    diary.path.parent.write_text("a file where the folder was")
    for _ in range(2):
        assert diary.write(add(300)) == Written(problem=GONE)
    assert caplog.text.count("cannot be made anew: ") == 1
    diary.path.parent.unlink()
    assert diary.write(add(300)) == Written(note=RENEWED)
    assert len(diary.page(count=999).messages) == 300


def test_a_new_file_that_cannot_be_opened_is_tried_again(
    diary: Diary, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete(diary.path)
    with monkeypatch.context() as patch:
        patch.setattr(sqlite_store, "HistoryFile", refuse)
        assert diary.write(add(300)).problem == GONE
        assert diary.page().problem == GONE
    assert diary.write(add(300)) == Written(note=RENEWED)
    assert len(diary.page(count=999).messages) == 300


def refuse(path: Path) -> None:
    raise sqlite_store.StoreError("on purpose")


def test_a_new_name_for_the_folder_is_a_deletion_too(diary: Diary, tmp_path: Path) -> None:
    os.rename(diary.path.parent, tmp_path / "moved")
    assert diary.write(ForgetRoom("attic")).note == RENEWED
    assert (tmp_path / "moved" / "history.db").exists()
    assert diary.path.exists()


@pytest.mark.parametrize("lose", [delete, put_text_there])
def test_the_old_files_own_log_is_not_taken_for_the_new_ones(
    lose: Callable[[Path], None], tmp_path: Path
) -> None:
    file = HistoryFile(tmp_path / "history.db")
    file.connection.execute("INSERT INTO rooms (key, shown, used) VALUES ('attic', 'Attic', 0)")
    lose(file.path)
    copy = copy_out(file)
    file.close()
    put_in_place(copy, file)
    assert not list(tmp_path.glob("*-wal"))
    assert not list(tmp_path.glob("*-shm"))
    HistoryFile(file.path).close()
