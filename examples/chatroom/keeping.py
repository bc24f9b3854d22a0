"""Where the history is kept: a file if it can be had, else memory.

Rule of this file: from the options to a store; a room without a history is better than none, so
what goes wrong here is a sentence and not the end.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from miniloop import EventLoop

from .datafolder import data_folder
from .hall.hall import Hall
from .options import Options
from .people.doorkeeper import Doorkeeper

if TYPE_CHECKING:
    from .storage.sqlite_store import SqliteStore

log = logging.getLogger("chatroom")

DAY = 86_400  # seconds
MB = 1_000_000
FILE = "history.sqlite3"
IN_MEMORY = "What is said is kept in memory, and forgotten when the server ends."


@dataclass(frozen=True, slots=True)
class Keeping:
    """What has become of the wish to keep what is said.

    Attributes:
        path: The database; None if everything is in memory.
        store: The same, open.
        problem: Why there is no file although one was wished for, as a sentence; else empty.
        sentence: Where what is said is kept, for the one who starts the server.
    """

    path: Path | None = None
    store: SqliteStore | None = None
    problem: str = ""
    sentence: str = IN_MEMORY

    def size(self) -> int:
        """Return the bytes that the database takes on the disk."""
        if self.path is None:
            return 0
        return sum(map(_size, (self.path, Path(f"{self.path}-wal"), Path(f"{self.path}-shm"))))

    def trim(self) -> None:
        """Forget what is too old, or too much."""
        if self.store is not None:
            self.store.trim(time.time())

    def close(self) -> None:
        """Store what was said last, and close the file; blocks for a moment."""
        if self.store is not None:
            self.store.close()


def open_hall(loop: EventLoop, options: Options, doorkeeper: Doorkeeper) -> tuple[Hall, Keeping]:
    """Return a hall that remembers, and where it does so."""
    keeping = _open_store(loop, options) if options.keeps_history else Keeping()
    if keeping.store is not None:
        from .storage.sqlite_store import StoreError

        try:
            return _make_hall(loop, options, keeping, doorkeeper), keeping
        except StoreError as error:
            keeping.close()
            keeping = Keeping(problem=str(error))
    return _make_hall(loop, options, keeping, doorkeeper), keeping


def _make_hall(loop: EventLoop, options: Options, keeping: Keeping, doorkeeper: Doorkeeper) -> Hall:
    return Hall(
        options.limits,
        keeping.store,
        defer=loop.call_soon,
        log_messages=options.log_messages,
        doorkeeper=doorkeeper,
    )


def _open_store(loop: EventLoop, options: Options) -> Keeping:
    try:
        from .storage.sqlite_store import Retention, SqliteStore, StoreError
    except ImportError as error:
        return Keeping(problem=f"This Python has no SQLite, which keeps the history ({error}).")
    retention = Retention(
        keep_age=options.keep_days * DAY if options.keep_days else None,
        keep_bytes=options.keep_size * MB if options.keep_size else None,
    )
    try:
        path = Path(options.history) if options.history else data_folder() / FILE
        store = SqliteStore(loop, path, retention)
    except StoreError as error:
        return Keeping(problem=str(error))
    except RuntimeError:  # from Path.home()
        problem = "You have no home directory to keep the history in; give one with --history FILE."
        return Keeping(problem=problem)
    return Keeping(path, store, sentence=f"What is said is kept in {path}, {_how_long(options)}.")


def _how_long(options: Options) -> str:
    days = f"for {options.keep_days:g} days" if options.keep_days else "for ever"
    return f"{days}, up to {options.keep_size} MB" if options.keep_size else days


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
