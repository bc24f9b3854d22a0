"""A history whose file was deleted, or replaced, under the server is made anew.

Rule of this file: files and copies; when to look, and whom to tell, is the store's business.

The server still has the old file open, so all of it can be read, whatever its name leads to now.
It is copied, and the copy is put where the history belongs.  What lies there meanwhile is moved
aside and not opened: to take back an older copy one stops the server first.
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
    """Copy all of `file` into a new file beside it; return that one's path.

    Raises:
        OSError: The new file cannot be made.
        sqlite3.Error: It cannot be written.
    """
    copy = _free_name(file.path, "rescued")
    make_new_file(copy)
    with contextlib.closing(sqlite3.connect(copy)) as target:
        file.connection.backup(target)
    return copy


def put_in_place(copy: Path, file: HistoryFile) -> None:
    """Let `copy` be the file at the path of `file`, which is closed.

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
        else:  # our own log of the old file, which would be taken for the new one's
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
