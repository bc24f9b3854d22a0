"""Restores a history whose file was deleted or replaced while the server has it open.

Rule of this file: files and copies; the store decides when to check and what to report.

The server still has the old file open, so all of it can be read, whatever its name refers to now.
It is copied, and the copy is put in the history's place.  A file that is there is moved aside and
not opened: to go back to an older copy, stop the server first.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
from itertools import count
from pathlib import Path

from .history_file import HistoryFile, identity, make_new_file

log = logging.getLogger("chatroom")

SIDES = ("-wal", "-shm")


def copy_out(file: HistoryFile) -> Path:
    """Copy all of `file` to a new file beside it; return the path of the copy.

    Raises:
        OSError: The new file cannot be created.
        sqlite3.Error: It cannot be written.
    """
    copy = _free_name(file.path, "rescued")
    make_new_file(copy)
    with contextlib.closing(sqlite3.connect(copy)) as target:
        file.connection.backup(target)
    return copy


def put_in_place(copy: Path, file: HistoryFile) -> None:
    """Move `copy` to the path of `file`, which is closed.

    Raises:
        OSError: It cannot be moved there.
    """
    foreign = file.path.exists()
    aside = _free_name(file.path, "replaced")
    for suffix, side in zip(SIDES, _sides(file.path), strict=True):
        if not side.exists():
            continue
        if foreign and identity(side) != file.sides[suffix]:
            os.rename(side, f"{aside}{suffix}")
        else:  # our own log of the old file, which SQLite would take for the new file's
            side.unlink()
    if foreign:
        os.rename(file.path, aside)
        log.warning("The file that lay in the place of the history is %s now.", aside)
    os.rename(copy, file.path)


def _sides(path: Path) -> tuple[Path, ...]:
    return tuple(path.with_name(path.name + suffix) for suffix in SIDES)


def _free_name(path: Path, what: str) -> Path:
    names = (path.with_name(f"{path.name}-{what}-{number}") for number in count(1))
    return next(name for name in names if not name.exists())
