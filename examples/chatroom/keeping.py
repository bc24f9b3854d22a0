"""Where the history is kept: in a file if possible, otherwise in memory.

Rule of this file: from the options to a store.  A room without a history is better than none, so an
error with the default file is only reported; an error with a file that was named is fatal.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from miniloop import EventLoop

from .datafolder import data_folder
from .hall.hall import Hall
from .hall.order import Alone, Order
from .options import Options
from .people.doorkeeper import Doorkeeper
from .storage.clock import SteadyClock

if TYPE_CHECKING:
    from .storage.sqlite_store import SqliteStore

log = logging.getLogger("chatroom")

DAY = 86_400  # seconds
MB = 1_000_000
FILE = "history.sqlite3"
IN_MEMORY = "What is said is kept in memory, and forgotten when the server ends."

CAUTION = "The history could not be opened: what is said now is forgotten when the server ends."


class CannotKeep(Exception):
    """The requested history cannot be used; the text is a sentence with the reason."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """The store that was opened, and its state.

    Attributes:
        path: The database; None if everything is in memory.
        store: The same, open.
        problem: Why there is no file although one was requested, as a sentence; otherwise empty.
        sentence: Where messages are kept, for the user at the terminal.
        clock: The clock by which ages are measured; None: the machine's.
    """

    path: Path | None = None
    store: SqliteStore | None = None
    problem: str = ""
    sentence: str = IN_MEMORY
    clock: SteadyClock | None = None

    def size(self) -> int:
        """Return the size of the database on the disk in bytes."""
        if self.path is None:
            return 0
        return sum(map(_size, (self.path, Path(f"{self.path}-wal"), Path(f"{self.path}-shm"))))

    def trim(self) -> None:
        """Forget messages that are too old or exceed the size limit."""
        if self.clock is not None:
            self.clock.check()
        if self.store is not None:
            self.store.trim(time.time() if self.clock is None else self.clock.now())

    def close(self) -> None:
        """Store the last messages and close the file; blocks for a short time."""
        if self.store is not None:
            self.store.close()


def open_hall(
    loop: EventLoop,
    options: Options,
    doorkeeper: Doorkeeper,
    order: Callable[[Hall], Order] = Alone,
) -> tuple[Hall, Keeping]:
    """Return a hall with a store, and the state of the store.

    Args:
        loop: The loop to be on.
        options: Where the history is, and the limits.
        doorkeeper: Checks operators' passwords.
        order: Makes the order of happenings.

    Raises:
        CannotKeep: The file that the options name cannot be used.  If they name none and the
            default file cannot be used, the hall is in memory instead.
    """
    clock = SteadyClock(loop.time, time.time)
    keeping = _open_store(loop, options, clock) if options.keeps_history else Keeping(clock=clock)
    if keeping.store is not None:
        from .storage.sqlite_store import StoreError

        try:
            clock.begin(keeping.store.last_time())
            return _make_hall(loop, options, keeping, doorkeeper, order), keeping
        except StoreError as error:
            keeping.close()
            keeping = Keeping(problem=str(error), clock=clock)
    if keeping.problem and (options.history is not None or options.cluster is not None):
        raise CannotKeep(keeping.problem)
    return _make_hall(loop, options, keeping, doorkeeper, order), keeping


def default_history() -> Path:
    """Return the default path of the history, which need not exist.

    Raises:
        RuntimeError: The user has no home directory.
    """
    return data_folder() / FILE


def _make_hall(
    loop: EventLoop,
    options: Options,
    keeping: Keeping,
    doorkeeper: Doorkeeper,
    order: Callable[[Hall], Order],
) -> Hall:
    hall = Hall(
        options.limits,
        keeping.store,
        defer=loop.call_soon,
        log_messages=options.log_messages,
        doorkeeper=doorkeeper,
        order=order,
    )
    hall.caution = CAUTION if keeping.problem else ""
    return hall


def _open_store(loop: EventLoop, options: Options, clock: SteadyClock) -> Keeping:
    try:
        from .storage.sqlite_store import Retention, SqliteStore, StoreError
    except ImportError as error:
        problem = f"This Python has no SQLite, which keeps the history ({error})."
        return Keeping(problem=problem, clock=clock)
    retention = Retention(
        keep_age=options.keep_days * DAY if options.keep_days else None,
        keep_bytes=options.keep_size * MB if options.keep_size else None,
    )
    try:
        path = Path(options.history) if options.history else default_history()
        store = SqliteStore(loop, path, retention, clock.now)
    except StoreError as error:
        return Keeping(problem=str(error), clock=clock)
    except RuntimeError:  # from Path.home()
        problem = "You have no home directory to keep the history in; give one with --history FILE."
        return Keeping(problem=problem, clock=clock)
    sentence = f"What is said is kept in {path}, {_how_long(options)}."
    return Keeping(path, store, sentence=sentence, clock=clock)


def _how_long(options: Options) -> str:
    days = f"for {options.keep_days:g} days" if options.keep_days else "for ever"
    return f"{days}, up to {options.keep_size} MB" if options.keep_size else days


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
