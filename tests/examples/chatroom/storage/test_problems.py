from __future__ import annotations

import sqlite3

import pytest

from examples.chatroom.storage.problems import Clash, describe


def error(code: int) -> sqlite3.OperationalError:
    made = sqlite3.OperationalError("as SQLite puts it")
    made.sqlite_errorcode = code
    return made


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (sqlite3.SQLITE_FULL, "the disk is full"),
        (sqlite3.SQLITE_BUSY, "another program has it locked"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "another program has it locked"),
        (sqlite3.SQLITE_IOERR_FSYNC, "the disk reports an error"),
        (sqlite3.SQLITE_IOERR_SHMSIZE, "the disk is full"),
        (sqlite3.SQLITE_READONLY_DBMOVED, "it may be read only"),
        (sqlite3.SQLITE_CORRUPT_VTAB, "its file is damaged"),
    ],
)
def test_every_family_has_its_words(code: int, words: str) -> None:
    assert describe(error(code)) == words


def test_a_clash_speaks_for_itself() -> None:
    assert describe(Clash("somebody was here")) == "somebody was here"


@pytest.mark.parametrize(
    "strange", [ValueError("on purpose"), error(sqlite3.SQLITE_ERROR), sqlite3.Error("no code")]
)
def test_what_nobody_foresaw_goes_to_the_log(
    strange: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    assert describe(strange) == "there is an error in the server, and its log has more"
    assert str(strange) in caplog.text
